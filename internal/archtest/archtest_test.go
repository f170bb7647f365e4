package archtest

import (
	"os"
	"slices"
	"testing"
)

func TestProjectKeepsItsStyle(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	project, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if project.module != "github.com/keystile/keystile" || len(project.files) < 20 {
		t.Fatalf("this isn't the project: module %q with %d files", project.module, len(project.files))
	}
	for _, r := range rules(root) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range r.check(project) {
				t.Error(f)
			}
		})
	}
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for from, all := range arrows {
		if floor(from) < 0 {
			t.Errorf("%s has no floor in layers", from)
		}
		for _, to := range all {
			if floor(to) < 0 || floor(to) > floor(from) {
				t.Errorf("%s must not import %s, which is above it or has no floor", from, to)
			}
		}
	}
}

func TestArrowsMakeNoRing(t *testing.T) {
	t.Parallel()
	var walk func(way []string)
	walk = func(way []string) {
		here := way[len(way)-1]
		if slices.Contains(way[:len(way)-1], here) {
			t.Fatalf("a ring: %v", way)
		}
		for _, to := range arrows[here] {
			walk(append(slices.Clip(way), to))
		}
	}
	for from := range arrows {
		walk([]string{from})
	}
}
