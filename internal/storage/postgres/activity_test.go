package postgres

import (
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

// Addresses of clients go with the key, also those that are noted while it is
// being deleted.
func TestACallThatIsNotedDuringADeletionGoesWithItsKey(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := insert(t.Context(), s, "key_a")
	must(t, err)
	deleting, watching := raw(t, s), raw(t, s)
	tx, err := deleting.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `DELETE FROM keys WHERE id = 'key_a'`)
	must(t, err)

	noted := make(chan error, 1)
	go func() {
		noted <- s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1, Calls: []storage.NotedCall{
			{KeyID: "key_a", At: noon, Client: "192.0.2.1"},
		}})
	}()
	eventually(t, "it waits for the deletion, or is done", func() bool {
		var waits bool
		must(t, watching.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits))
		return waits || len(noted) == 1
	})
	must(t, tx.Commit(t.Context()))
	must(t, <-noted)
	var left int
	must(t, watching.QueryRow(t.Context(), `SELECT count(*) FROM activity`).Scan(&left))
	if left != 0 {
		t.Errorf("%d calls of a deleted key are left", left)
	}
}
