package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/manage"
)

// csvFile is CSV as RFC 4180 has it, with a header line.
type csvFile struct {
	src    *rationed
	in     *csv.Reader
	before int // lines above those that in counts
	fields []*importField
}

// csvRows reads the header and leaves the rows for later. line is where the
// header stands.
func csvRows(r io.Reader, line int) (iter.Seq2[manage.ImportRow, error], error) {
	src := &rationed{r: r}
	f := &csvFile{src: src, in: csv.NewReader(src), before: line - 1}
	f.in.FieldsPerRecord, f.in.ReuseRecord = -1, true
	names, row, err := f.read()
	if err != nil {
		return nil, err
	}
	fault := row.Fault
	if fault == "" {
		fault = f.header(names)
	}
	if fault != "" {
		return nil, fmt.Errorf("line %d, which must be the header of a CSV file: %s", row.Line, fault)
	}
	return f.rows, nil
}

// header says what is wrong with it, by number: where a header was left out, a
// secret may stand in its place.
func (f *csvFile) header(names []string) (fault string) {
	for i, name := range names {
		field := importFieldOf(strings.ToLower(strings.TrimSpace(name)))
		switch {
		case field == nil:
			return fmt.Sprintf("column %d is none that is known; known are, separated by commas: %s", i+1, importFieldNames())
		case slices.Contains(f.fields, field):
			return fmt.Sprintf("column %d, %s, stands there twice", i+1, field.name)
		}
		f.fields = append(f.fields, field)
	}
	if !slices.Contains(f.fields, importFieldOf("secret")) && !slices.Contains(f.fields, importFieldOf("digest")) {
		return "it has neither secret nor digest"
	}
	return ""
}

func (f *csvFile) rows(yield func(manage.ImportRow, error) bool) {
	for {
		cells, row, err := f.read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && row.Fault == "" {
			row.Fault = f.fill(&row, cells)
		}
		if !yield(row, err) || err != nil || f.src.cut {
			return
		}
	}
}

// read returns the cells of the next record. A record that is none is a row
// with a fault; an error is the file's.
func (f *csvFile) read() ([]string, manage.ImportRow, error) {
	f.src.renew()
	cells, err := f.in.Read()
	for f.src.cut && errors.Is(err, io.EOF) { // so much of nothing but blank lines
		f.before-- // that end was counted as a line
		f.src.renew()
		cells, err = f.in.Read()
	}
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, manage.ImportRow{Line: f.before + bad.StartLine, Fault: f.csvFault(bad)}, nil
	}
	if err != nil {
		return nil, manage.ImportRow{}, err
	}
	at, _ := f.in.FieldPos(0)
	row := manage.ImportRow{Line: f.before + at}
	if f.src.cut {
		row.Fault = tooLong("nothing behind it was read")
	}
	return cells, row, nil
}

func (f *csvFile) csvFault(bad *csv.ParseError) string {
	switch {
	case f.src.cut:
		return tooLong("a quote in it has no end, perhaps; nothing behind it was read")
	case errors.Is(bad.Err, csv.ErrBareQuote):
		return `A cell holds a quote and isn't quoted: such a cell stands in quotes, and each quote in it twice.`
	case bad.Line > bad.StartLine:
		return fmt.Sprintf(`A quote in the row has no end, or text behind it: it was read down to line %d.`, f.before+bad.Line)
	}
	return `A quote in the row has no end, or text behind it: each quote in a cell stands twice.`
}

func (f *csvFile) fill(row *manage.ImportRow, cells []string) (fault string) {
	if len(cells) != len(f.fields) {
		return fmt.Sprintf("The row has %s, and the header %d.", counted(len(cells), "cell", "cells"), len(f.fields))
	}
	for i, text := range cells {
		if text == "" {
			continue
		}
		if fault := f.fields[i].set(row, text); fault != "" {
			return fault
		}
	}
	return ""
}

// rationed hands out so many bytes for one row, and then says that the file is
// at its end.
type rationed struct {
	r    io.Reader
	left int
	cut  bool
}

func (s *rationed) renew() { s.left, s.cut = maxImportRow, false }

// Read implements io.Reader.
func (s *rationed) Read(p []byte) (int, error) {
	if s.left == 0 {
		s.cut = true
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}
