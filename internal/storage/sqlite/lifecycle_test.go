package sqlite

import (
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// beforeLifecycle is the last version of the schema that knew no owners'
// projects.
const beforeLifecycle = 3

// upTo makes a database with the schema of an earlier version.
func upTo(t *testing.T, version int64) (*Store, *connections) {
	t.Helper()
	s := open(t, t.TempDir()+"/keys.db")
	must(t, s.create())
	c, err := s.connect()
	must(t, err)
	must(t, enterZero(t.Context(), c.write))
	folder, err := embedded()
	must(t, err)
	steps, err := provider(c.write, folder)
	must(t, err)
	_, err = steps.UpTo(t.Context(), version)
	must(t, err)
	return s, c
}

// insertOldKey inserts a key of project p1 as the first version of the schema
// has it.
func insertOldKey(t *testing.T, c *connections, id keys.ID) {
	t.Helper()
	mustExec(t, c.write, `INSERT INTO keys (id, digest, name, description, hint, status, kind, environment, scopes, workspace, project,
		owner, created_by, created_at, profile, plan, allowed_ips, metadata, replaces, replaced_by, lineage, search)
		VALUES (?1, ?2, 'a name', '', '', 'active', 'project', 'live', '[]', 'default', 'p1', '', '', 0, '', '', '[]', '{}', '', '', ?1, ?1)`,
		id, slices.Repeat([]byte(id)[len(id)-1:], 32))
}

func TestUsageOfKeysFromBeforeKnowsItsProject(t *testing.T) {
	t.Parallel()
	s, c := upTo(t, beforeLifecycle)
	insertOldKey(t, c, "key_a")
	mustExec(t, c.write, "INSERT INTO usage_owners (key_id, lineage, workspace, environment) VALUES ('key_gone', 'key_gone', 'acme', 'live')")

	must(t, s.Migrate(t.Context()))
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		owner, err := r.UsageOwner(t.Context(), "key_a")
		must(t, err)
		if want := (storage.UsageOwner{Workspace: storage.DefaultWorkspace, Project: "p1"}); owner != want {
			t.Errorf("got %+v, want %+v", owner, want)
		}
		owner, err = r.UsageOwner(t.Context(), "key_gone")
		must(t, err)
		if want := (storage.UsageOwner{Workspace: "acme"}); owner != want {
			t.Errorf("got %+v, want %+v", owner, want)
		}
		return nil
	}))
}

// What is asked while others wait to write must not read every key.
func TestUseOfNamesIsFoundByIndex(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for index, ask := range map[string]func(storage.Reader) (bool, error){
		"keys_by_project": func(r storage.Reader) (bool, error) {
			return r.ProjectInUse(t.Context(), storage.DefaultWorkspace, "name", noon)
		},
		"keys_by_profile": func(r storage.Reader) (bool, error) {
			return r.ProfileInUse(t.Context(), storage.DefaultWorkspace, "name")
		},
	} {
		plan := planOfLast(t, s, func(r storage.Reader) error {
			_, err := ask(r)
			return err
		})
		if !strings.Contains(plan, "SEARCH keys USING") || !strings.Contains(plan, index) {
			t.Errorf("%s is not used: %s", index, plan)
		}
	}
}
