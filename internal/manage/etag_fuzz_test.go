package manage

import (
	"strings"
	"testing"
)

// Whatever a client sends, nothing passes but any key by the asterisk, and this
// one by its tag: at the start, or behind a comma.
func FuzzIfMatch(f *testing.F) {
	const tag = `"0123"`
	for _, header := range []string{tag, "*", `W/"0123"`, `W/"0123","0123"`, `"a", "0123"`, `"a,"0123"`, `"`, `W/`, `,`, `"a"b"0123"`} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if ifMatch(Stated(header), tag) != nil || strings.Trim(header, " \t") == "*" {
			return
		}
		for before, rest, found := strings.Cut(header, tag); found; before, rest, found = strings.Cut(rest, tag) {
			if before = strings.TrimRight(before, " \t"); before == "" || strings.HasSuffix(before, ",") {
				return
			}
		}
		t.Errorf("%q passes for %s", header, tag)
	})
}
