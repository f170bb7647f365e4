package caddymodule

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/events"
)

func TestDocumentationListsTheEvents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []events.Name
	for _, row := range regexp.MustCompile("(?m)^\\| `(keystile\\.[a-z.]+)` \\|").FindAllSubmatch(text, -1) {
		listed = append(listed, events.Name(row[1]))
	}
	if !slices.Equal(listed, events.All) {
		t.Errorf("docs/events.md lists %q; there are %q", listed, events.All)
	}
}
