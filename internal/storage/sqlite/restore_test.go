package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// backup copies a database to a file of its own.
func backup(t *testing.T, s *Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	mustExec(t, raw(t, s.path), `VACUUM INTO ?`, path)
	return path
}

// restore puts a backup in the place of a database that is open.
func restore(t *testing.T, s *Store, from string) {
	t.Helper()
	must(t, os.Rename(from, s.path))
	for _, suffix := range []string{"-wal", "-shm"} {
		must(t, os.Remove(s.path+suffix))
	}
}

func TestRestoredFileIsNoticedAtTheNextCall(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	copied := backup(t, s)
	must(t, insert(t.Context(), s, "key_b"))
	followed, err := s.Confirm(t.Context())
	must(t, err)
	restore(t, s, copied)

	if key, err := lookup(t.Context(), s, "key_b"); err != nil || key != nil {
		t.Errorf("got %v (%v), want no key: the backup has none", key, err)
	}
	head, err := s.Confirm(t.Context())
	if err != nil || head == followed || head.Revision != 1 {
		t.Errorf("got head %v (%v), want the backup's", head, err)
	}
	if _, err := s.Changes(t.Context(), followed, 10); !errors.Is(err, storage.ErrGap) {
		t.Errorf("got %v, want a gap", err)
	}
	// The log grows anew, up to the revision that was followed.
	must(t, insert(t.Context(), s, "key_c"))
	if head, err = s.Confirm(t.Context()); err != nil || head.Revision != followed.Revision || head == followed {
		t.Errorf("got head %v (%v), want another one than %v", head, err, followed)
	}
	if _, err := s.Changes(t.Context(), followed, 10); !errors.Is(err, storage.ErrGap) {
		t.Errorf("got %v, want a gap", err)
	}
	must(t, s.Migrate(t.Context()))
	checkIntegrity(t, raw(t, s.path))
}

func TestRestoredFileBesideTheOldLogIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	copied := backup(t, s)
	must(t, insert(t.Context(), s, "key_b"))
	must(t, os.Rename(copied, s.path))

	_, err := lookup(t.Context(), s, "key_a")
	wantLine(t, err, "was replaced", "-wal")
	wantLine(t, insert(t.Context(), s, "key_c"), "was replaced")
	must(t, os.Remove(s.path+"-wal"))
	must(t, os.Remove(s.path+"-shm"))
	must(t, insert(t.Context(), s, "key_c"))
	checkIntegrity(t, raw(t, s.path))
}

func TestFileThatIsReplacedDuringAnUpdateIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	copied := backup(t, s)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		restore(t, s, copied)
		return tx.InsertKey(t.Context(), newKey("key_lost"))
	})
	wantLine(t, err, "was replaced")
	if key, err := lookup(t.Context(), s, "key_lost"); err != nil || key != nil {
		t.Errorf("got %v (%v)", key, err)
	}
	must(t, insert(t.Context(), s, "key_b"))
}

func TestFileThatIsTakenAwayIsMissed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	must(t, os.Rename(s.path, s.path+".moved"))
	_, err := lookup(t.Context(), s, "key_a")
	wantLine(t, err, "there is no database at "+s.path)
	must(t, os.Rename(s.path+".moved", s.path))
	if key, err := lookup(t.Context(), s, "key_a"); err != nil || key == nil {
		t.Errorf("got %v (%v) after it came back", key, err)
	}
}

func TestConfirmReadsNoTableWhileNothingIsCommitted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	stored, err := s.Confirm(t.Context())
	must(t, err)
	c, err := s.connect()
	must(t, err)
	c.watch.seen.head = storage.Position{Revision: 1, ID: "remembered"}
	if head, err := s.Confirm(t.Context()); err != nil || head.ID != "remembered" {
		t.Errorf("got %v (%v), want what is remembered", head, err)
	}
	must(t, s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1}))
	if head, err := s.Confirm(t.Context()); err != nil || head != stored {
		t.Errorf("got %v (%v), want %v again after a commit", head, err, stored)
	}
}

func TestWhoeverIsTooFarBehindMustStartAnew(t *testing.T) {
	t.Parallel()
	s := setup(t, func(s *Store) { s.keep = 2 })
	at := []storage.Position{{}}
	for _, id := range []keys.ID{"key_a", "key_b", "key_c", "key_d"} {
		must(t, insert(t.Context(), s, id))
		head, err := s.Confirm(t.Context())
		must(t, err)
		at = append(at, head)
	}
	for behind, position := range at {
		changes, err := s.Changes(t.Context(), position, 10)
		if behind <= 2 && !errors.Is(err, storage.ErrGap) {
			t.Errorf("after %d: got %v, want a gap", position.Revision, err)
		}
		if behind > 2 && (err != nil || len(changes) != 4-behind) {
			t.Errorf("after %d: got %d changes (%v)", position.Revision, len(changes), err)
		}
	}
}
