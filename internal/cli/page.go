package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// print writes the whole answer at once, so that a failure leaves nothing
// half-written behind.
func (a answer) print(w io.Writer, asJSON bool, p *page) error {
	if asJSON {
		enc := json.NewEncoder(&p.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(a.document); err != nil {
			return err
		}
	} else {
		a.text(p)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// page is what a person reads, as it is being written.
type page struct {
	out   bytes.Buffer
	now   time.Time
	width int // columns; 0: no end
}

// line writes a line, or what the format makes several of. Nothing in it is for
// the terminal to obey, wherever it came from.
func (p *page) line(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		p.out.WriteString(plain(line) + "\n")
	}
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

// oneOf lists the words that a flag takes, for its help.
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
