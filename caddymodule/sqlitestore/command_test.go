package sqlitestore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// Whoever runs a command in another folder than the gate looks for the
// database in the wrong place, and has to learn which place that is.
func TestACommandSaysWhereItLookedForARelativePath(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	whole := filepath.Join(folder, "data", "keys.db")
	for path, relative := range map[string]bool{"data/keys.db": true, "./data/keys.db": true, whole: false} {
		s := &Store{Path: path}
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		store, err := s.OpenForCommand(false)
		if err != nil {
			t.Fatal(err)
		}
		err = store.Migrate(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "there is no database at "+whole+":") {
			t.Fatalf("%s: %v", path, err)
		}
		if told := strings.Contains(err.Error(), path+" is relative to the working directory, which is "+folder); told != relative {
			t.Errorf("%s: %v", path, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
