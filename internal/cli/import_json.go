package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/manage"
)

// jsonRows reads one JSON object from each line, of which the first has this
// number. A line must fit into the buffer of in.
func jsonRows(in *bufio.Reader, line int) iter.Seq2[manage.ImportRow, error] {
	return func(yield func(manage.ImportRow, error) bool) {
		for last := false; !last; line++ {
			var text []byte
			var long bool
			var err error
			text, long, last, err = nextLine(in)
			row := manage.ImportRow{Line: line}
			switch {
			case err != nil:
				yield(row, err)
				return
			case long:
				row.Fault = tooLong("it was passed over")
			case len(bytes.TrimSpace(text)) == 0:
				continue
			default:
				row.Fault = fillFromJSON(&row, text)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// nextLine reads to the end of a line, and keeps what fits into the buffer.
func nextLine(in *bufio.Reader) (text []byte, long, last bool, err error) {
	text, err = in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = in.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) {
		return text, long, true, nil
	}
	return text, long, false, err
}

const notAnObject = "The line is not one JSON object."

// fillFromJSON reads the members of an object one by one, so that none is
// passed over and none stands twice.
func fillFromJSON(row *manage.ImportRow, line []byte) (fault string) {
	if !utf8.Valid(line) {
		return "The line is not valid UTF-8."
	}
	in := json.NewDecoder(bytes.NewReader(line))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return notAnObject
	}
	var seen []*importField
	for n := 1; in.More(); n++ {
		name, err := in.Token()
		text, ok := name.(string)
		if err != nil || !ok {
			return notAnObject
		}
		field := importFieldOf(text)
		switch {
		case field == nil:
			return fmt.Sprintf("Member %d is none that is known; known are: %s.", n, importFieldNames())
		case slices.Contains(seen, field):
			return fmt.Sprintf("Member %d, %s, stands there twice.", n, field.name)
		}
		seen = append(seen, field)
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return notAnObject
		}
		if fault := field.setJSON(row, value); fault != "" {
			return fault
		}
	}
	if _, err := in.Token(); err != nil {
		return notAnObject
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return notAnObject
	}
	return ""
}

// setJSON takes a text, what stands for one, or null, which is nothing.
func (f *importField) setJSON(row *manage.ImportRow, value json.RawMessage) (fault string) {
	text := string(value)
	switch {
	case text == "null":
		return ""
	case text[0] == '"':
		if json.Unmarshal(value, &text) != nil {
			return notAnObject
		}
	case text[0] == '{' && f.name == "metadata":
	case text[0] == '[' && f.name == "scopes":
		var words []string
		if json.Unmarshal(value, &words) != nil || slices.ContainsFunc(words, isNoWord) {
			return "scopes must be a text, or a list of words."
		}
		text = strings.Join(words, " ")
	default:
		return f.name + " must be a text."
	}
	if text == "" {
		return ""
	}
	return f.set(row, text)
}

func isNoWord(text string) bool {
	return text == "" || strings.ContainsFunc(text, unicode.IsSpace)
}
