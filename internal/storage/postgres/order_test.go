package postgres

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// A follower that asks as fast as it can, while sixteen processes write: each
// revision comes behind the one before, none is left out, and none appears
// later than a larger one.
func TestRevisionsAppearInTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	const writers, each = 16, 12
	s := setup(t)
	var group sync.WaitGroup
	for w := range writers {
		own := open(t, s.cfg.pool.ConnString())
		group.Go(func() {
			for i := range each {
				if _, err := insert(t.Context(), own, keys.ID(fmt.Sprintf("key_%d_%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	names := follow(t, s, done)
	if len(names) != writers*each {
		t.Errorf("followed %d changes, want %d", len(names), writers*each)
	}
}

// follow reads the log until nobody writes any more, and returns what changed.
func follow(t *testing.T, s *Store, done <-chan struct{}) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	var at storage.Position
	for last := false; ; {
		head, err := s.Confirm(t.Context())
		must(t, err)
		changes, err := s.Changes(t.Context(), at, 1000)
		must(t, err)
		for _, c := range changes {
			if c.Revision != at.Revision+1 {
				t.Fatalf("revision %d follows %d", c.Revision, at.Revision)
			}
			at, names[c.Name] = c.Position, true
		}
		if at.Revision < head.Revision {
			t.Fatalf("the log ends at %d, and its head was %d", at.Revision, head.Revision)
		}
		if last {
			return names
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
}

// A database that was restored from a backup goes on with numbers that it had
// before, under other names.
func TestARestoredDatabaseIsToldFromTheOneThatWasFollowed(t *testing.T) {
	t.Parallel()
	p := own(t)
	must(t, p.Create("followed"))
	s := open(t, p.DSN("followed"))
	must(t, s.Migrate(t.Context()))
	_, err := insert(t.Context(), s, "key_a")
	must(t, err)
	common, err := s.Register(t.Context(), storage.Node{Incarnation: "a", Name: "a", Trust: 1})
	must(t, err)
	must(t, s.Close())
	_, err = p.SQL("postgres", `CREATE DATABASE restored TEMPLATE followed`)
	must(t, err)
	var heads []storage.Position
	for _, name := range []string{"followed", "restored"} {
		s := open(t, p.DSN(name))
		_, err := insert(t.Context(), s, "key_b")
		must(t, err)
		head, err := s.Confirm(t.Context())
		must(t, err)
		heads = append(heads, head)
	}
	if heads[0].Revision != heads[1].Revision || heads[0].ID == heads[1].ID {
		t.Fatalf("heads %+v", heads)
	}
	restored := open(t, p.DSN("restored"))
	if _, err := restored.Changes(t.Context(), heads[0], 10); !errorsIsGap(err) {
		t.Errorf("changes after a position of the old one: %v", err)
	}
	if _, _, err := restored.Attend(t.Context(), storage.Beat{Incarnation: "a", Applied: heads[0], Trust: 1}); !errorsIsGap(err) {
		t.Errorf("attending from a position of the old one: %v", err)
	}
	if changes, err := restored.Changes(t.Context(), common, 10); err != nil || len(changes) != 1 {
		t.Errorf("changes after what both have in common: %v (%v)", changes, err)
	}
}
