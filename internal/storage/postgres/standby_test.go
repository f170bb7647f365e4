package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func errorsIsGap(err error) bool { return errors.Is(err, storage.ErrGap) }

// readsOnly checks that nothing is written, that a node is confirmed nothing,
// and that people can look.
func readsOnly(t *testing.T, s *Store) {
	t.Helper()
	_, updated := insert(t.Context(), s, "key_b")
	_, registered := s.Register(t.Context(), storage.Node{Incarnation: "b", Trust: time.Second})
	_, _, attended := s.Attend(t.Context(), storage.Beat{Incarnation: "a", Trust: time.Second})
	for what, err := range map[string]error{
		"update": updated, "register": registered, "attend": attended, "migrate": s.Migrate(t.Context()),
		"usage": s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1}),
	} {
		wantUnknown(t, what, err)
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Key(t.Context(), "key_a")
		return err
	}))
	if head, err := s.Confirm(t.Context()); err != nil || head.Revision != 1 {
		t.Errorf("head %+v (%v)", head, err)
	}
}

// prepared is a database with a key and a node.
func prepared(t *testing.T, dsn string) *Store {
	t.Helper()
	s := open(t, dsn)
	must(t, s.Migrate(t.Context()))
	_, err := insert(t.Context(), s, "key_a")
	must(t, err)
	_, err = s.Register(t.Context(), storage.Node{Incarnation: "a", Name: "a", Trust: time.Second})
	must(t, err)
	return s
}

// Nothing is decided by what a standby says, which may be old by any time.
func TestAStandbyConfirmsNothing(t *testing.T) {
	t.Parallel()
	p := own(t)
	dsn := empty(t, p)
	must(t, prepared(t, dsn).Close())
	must(t, errors.Join(p.Stop(), p.Demote(), p.Start()))
	s := open(t, dsn)
	readsOnly(t, s)
	if key, err := find(t.Context(), s, "key_a"); key != nil || !errors.Is(err, errStandby) {
		t.Errorf("looked up %v (%v)", key, err)
	}
	if _, err := s.Catalogue(t.Context()); !errors.Is(err, errStandby) {
		t.Errorf("catalogue: %v", err)
	}
}

func TestAServerThatIsReadOnlyServesReads(t *testing.T) {
	t.Parallel()
	s := prepared(t, empty(t, shared(t)))
	mustExec(t, raw(t, s), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`)
	readonly := open(t, s.cfg.pool.ConnString())
	readsOnly(t, readonly)
	if key, err := find(t.Context(), readonly, "key_a"); err != nil || key == nil || key.ID != keys.ID("key_a") {
		t.Errorf("looked up %v (%v)", key, err)
	}
}

// A server that acknowledges before anything is on the disk, or on the
// standbys that it waits for, is told to keep its word.
func TestACommitIsOnTheDiskWhateverTheServersDefaultIs(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"off": "on", "local": "on", "remote_write": "on", "on": "on", "remote_apply": "remote_apply"} {
		dsn := empty(t, shared(t))
		mustExec(t, raw(t, open(t, dsn)), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = `+setting+`', current_database()); END $$`)
		s := prepared(t, dsn)
		for what, pool := range map[string]*pgxpool.Pool{"changes": s.live.main, "beats": s.live.pulse} {
			var got string
			must(t, pool.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&got))
			if got != want {
				t.Errorf("%s: %s where the server says %s, want %s", what, got, setting, want)
			}
		}
	}
}
