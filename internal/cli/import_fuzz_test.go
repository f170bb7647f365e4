package cli

import (
	"strings"
	"testing"
	"unicode"

	"github.com/keystile/keystile/internal/manage"
)

// FuzzImportAccountsForEachRowOnce holds that rubbish of any kind gives rows
// with ascending lines: one for each line that isn't blank, wherever no quote
// makes one row of several.
func FuzzImportAccountsForEachRowOnce(f *testing.F) {
	for _, seed := range []string{
		"", "name,digest\n", sheet(), "digest\n\"a\nb\"\n\nc,d\n\"", "\xef\xbb\xbfdigest\r\nd1\r\n\r\n", "digest,metadata\nd,\"{\"\"a\"\":\"\"b\"\"}\"\n",
		"{}", "{\"name\":\"n\",\"scopes\":[\"a\"],\"metadata\":{\"a\":\"b\"}}\n\n{\"digest\":\"d\"", "{\"a\":1}\n{\"name\":null}\r\n[]\n\x00\n",
		"{\"name\":\"n\",\"name\":\"n\"}\n{}{}", "secret\nks_live_0123456789\nk s\n\"k\"\"s\"\nk\"s\n", "\xff\xfe", "[", "digest\n\r\r\n\r",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source, err := readImport(strings.NewReader(text))
		if err != nil {
			return // as a whole
		}
		var rows []manage.ImportRow
		for row, err := range source.rows {
			if err != nil {
				t.Fatalf("a text can't fail: %v", err)
			}
			if n := len(rows); n > 0 && row.Line <= rows[n-1].Line || row.Line < 1 {
				t.Fatalf("line %d follows %v", row.Line, rows[len(rows)-1].Line)
			}
			rows = append(rows, row)
		}
		if want, known := rowsOf(text, source.format); known && len(rows) != want {
			t.Errorf("%d rows, want %d", len(rows), want)
		}
	})
}

// rowsOf counts the lines that are rows, by other means than the readers' own.
func rowsOf(text, format string) (rows int, known bool) {
	blank := func(line string) bool { return strings.TrimSuffix(line, "\r") == "" }
	if format == formatJSONL {
		blank = func(line string) bool { return strings.TrimFunc(line, unicode.IsSpace) == "" }
	} else {
		rows-- // the header
		text = strings.TrimLeft(strings.TrimPrefix(text, "\xef\xbb\xbf"), " \t\r\n")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if !blank(line) {
			rows++
		}
	}
	return rows, format == formatJSONL || !strings.Contains(text, `"`)
}
