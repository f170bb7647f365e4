package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/scan"
)

// fixture scans for the secrets of a configuration that says nothing.
type fixture struct {
	*scan.Scanner
	format *keys.Format
	dir    string
	unread []string
}

func setup(t *testing.T) *fixture {
	t.Helper()
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Scanner: scan.New(format), format: format, dir: t.TempDir()}
}

func (f *fixture) secret() string { return f.format.Mint(keys.Live).Reveal() }

// write makes a file below the fixture's folder.
func (f *fixture) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// walk scans a path.
func (f *fixture) walk(path string) {
	f.Walk(path, scan.Options{Unread: func(at string, err error) { f.unread = append(f.unread, at+": "+err.Error()) }})
}

// places are all places of all secrets, each as "secret commit file:line".
func (f *fixture) places() map[string]bool {
	found := map[string]bool{}
	for _, one := range f.Finds() {
		for _, p := range one.Places {
			found[fmt.Sprintf("%s %s %s:%d", one.Secret.Reveal(), p.Commit, strings.TrimPrefix(p.File, f.dir+"/"), p.Line)] = true
		}
	}
	return found
}

// want checks that exactly these places were found, each given as secret,
// commit and file:line.
func (f *fixture) want(t *testing.T, want ...string) {
	t.Helper()
	found := f.places()
	for _, place := range want {
		if !found[place] {
			t.Errorf("not found: %s", place)
		}
		delete(found, place)
	}
	for place := range found {
		t.Errorf("found as well: %s", place)
	}
}
