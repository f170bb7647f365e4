// Package report writes what was measured as Markdown.
package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/inprocess"
)

// Report is what was measured, and by what.
type Report struct {
	Facts   []Fact
	Groups  []duel.Group
	Results duel.Results
	Figures inprocess.Figures
	Seed    uint64
}

// Fact is a line about a run: when, on what, of which version.
type Fact struct{ Name, Value string }

// Write writes all tables.
func (r *Report) Write(w io.Writer) error {
	var b bytes.Buffer
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", f.Name, f.Value)
	}
	r.goals(&b)
	for _, g := range r.Groups {
		r.group(&b, g)
	}
	r.legend(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// The lines between which a document has the figures of the last run.
const (
	begin = "<!-- figures -->"
	end   = "<!-- end of figures -->"
)

// Into puts a text between the two lines of a document that are for it.
func Into(document, text string) (string, error) {
	before, rest, begun := strings.Cut(document, begin+"\n")
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		return "", errors.New("there is no place for figures: it is between " + begin + " and " + end)
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n" + end + after, nil
}

// table begins a table.
func table(b *bytes.Buffer, columns ...string) {
	row(b, columns...)
	row(b, strings.Split(strings.Repeat("---,", len(columns)-1)+"---", ",")...)
}

func row(b *bytes.Buffer, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
