package sqlite

import (
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// TestMigrationsAreAppliedInWhateverOrderTheyCome lets a program run that
// lacks a migration below its newest one, as one from a branch does, and then
// one that has all.
func TestMigrationsAreAppliedInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	all, branch := fstest.MapFS{}, fstest.MapFS{}
	for name, statement := range map[string]string{
		"00001_first.sql":  "CREATE TABLE head (a INTEGER)",
		"00004_behind.sql": "CREATE TABLE behind (a INTEGER)",
		"00010_newest.sql": "ALTER TABLE head ADD COLUMN b INTEGER",
	} {
		all[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + statement + ";\n")}
		if name != "00004_behind.sql" {
			branch[name] = all[name]
		}
	}
	s := open(t, filepath.Join(t.TempDir(), "keys.db"))
	must(t, s.create())
	c, err := s.connect()
	must(t, err)
	for _, program := range []fs.FS{branch, branch, all, all, branch} {
		must(t, migrate(t.Context(), c, program))
	}
	mustExec(t, raw(t, s.path), `INSERT INTO behind SELECT b FROM head`)
}
