package sqlite

import (
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

// beforeTrail is the last version of the schema whose entries knew no project.
const beforeTrail = 4

func TestEntriesFromBeforeKnowTheProjectOfTheirKey(t *testing.T) {
	t.Parallel()
	s, c := upTo(t, beforeTrail)
	insertOldKey(t, c, "key_a")
	mustExec(t, c.write, "DELETE FROM keys WHERE id = 'key_a'")
	for i, id := range []string{"key_a", "key_unheard", ""} {
		mustExec(t, c.write, `INSERT INTO audit (id, time, workspace, actor, action, key_id, target, changes, reason, client)
			VALUES (?, ?, 'default', 'ann', 'key.edit', ?, '', '{}', '', '')`, "entry "+id, i, id)
	}
	must(t, s.Migrate(t.Context()))
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		all, err := r.Audit(t.Context(), storage.AuditFilter{Workspace: storage.DefaultWorkspace, Limit: 10})
		must(t, err)
		if len(all) != 3 || all[2].Project != "p1" || all[1].Project != "" || all[0].Project != "" {
			t.Errorf("got %+v", all)
		}
		return nil
	}))
	if _, err := c.write.ExecContext(t.Context(), "UPDATE audit SET project = 'p2'"); err == nil {
		t.Error("the trail was rewritten")
	}
}
