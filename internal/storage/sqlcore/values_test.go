package sqlcore

import (
	"maps"
	"slices"
	"testing"
)

// What can be read at all is written and read again as the same: nothing is
// lost on the way, and nothing is made up.
func FuzzStoredListsAndMaps(f *testing.F) {
	for _, seed := range []string{`[]`, `{}`, `null`, `["a","b"]`, `[null]`, `{"a":"b"}`, `{"a":null}`, `["a"`, `[["a"]]`, `"a"`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := decodeList(text); err == nil {
			again, err := encodeList(list)
			if err != nil {
				t.Fatal(err)
			}
			if same, err := decodeList(again); err != nil || !slices.Equal(same, list) {
				t.Errorf("%q: got %q (%v), want %q", text, same, err, list)
			}
		}
		if m, err := decodeMap(text); err == nil {
			again, err := encodeMap(m)
			if err != nil {
				t.Fatal(err)
			}
			if same, err := decodeMap(again); err != nil || !maps.Equal(same, m) {
				t.Errorf("%q: got %q (%v), want %q", text, same, err, m)
			}
		}
	})
}
