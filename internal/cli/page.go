package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// print writes the whole answer at once, so that a failure leaves nothing
// half-written behind.
func (a answer) print(w io.Writer, asJSON bool, now time.Time) error {
	var out bytes.Buffer
	if asJSON {
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(a.document); err != nil {
			return err
		}
	} else {
		a.text(&page{out: &out, now: now})
	}
	_, err := w.Write(out.Bytes())
	return err
}

// page is what a person reads, as it is being written.
type page struct {
	out *bytes.Buffer
	now time.Time
}

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// table writes rows in columns that line up. Each row has as many cells as the
// first.
func (p *page) table(rows [][]string) {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a buffer never fails to write
}

// plain drops what a terminal would obey instead of showing: control
// characters, and those that turn the direction of writing.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
}

// short cuts a text to so many characters.
func short(text string, most int) string {
	text = plain(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// orDash shows that there is nothing.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// list joins names, or says none.
func list(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return plain(strings.Join(names, ", "))
}
