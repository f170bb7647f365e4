package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

func TestChangesWaitForTheDiskAndBeatsDoNot(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c, err := s.connect()
	must(t, err)
	for what, row := range map[string]struct {
		by   *sql.DB
		want int
	}{"changes": {c.write, 2 /* FULL */}, "beats": {c.beat, 1 /* NORMAL */}} {
		var got int
		must(t, row.by.QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&got))
		if got != row.want {
			t.Errorf("%s: synchronous %d, want %d", what, got, row.want)
		}
	}
}

func TestABeatWaitsForAnotherProcessNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(time.Hour))
	_, err := s.Register(t.Context(), storage.Node{Incarnation: "a", Trust: time.Second})
	must(t, err)
	release := hold(t, s.path)
	ctx, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	if _, err := s.Beat(ctx, storage.Beat{Incarnation: "a", Trust: time.Second}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's end", err)
	}
	if _, err := s.Confirm(t.Context()); err != nil {
		t.Errorf("confirm while the database is held: %v", err)
	}
	release()
	_, err = s.Beat(t.Context(), storage.Beat{Incarnation: "a", Trust: time.Second})
	must(t, err)
}

// A node that followed one database must not count in another, though both
// have a row of its.
func TestABeatIntoARestoredDatabaseSaysNothingOfTheOldOne(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.Register(t.Context(), storage.Node{Incarnation: "a", Trust: time.Second})
	must(t, err)
	must(t, insert(t.Context(), s, "key_a"))
	copied := backup(t, s)
	must(t, insert(t.Context(), s, "key_b"))
	head, err := s.Confirm(t.Context())
	must(t, err)
	_, err = s.Beat(t.Context(), storage.Beat{Incarnation: "a", Applied: head, Trust: time.Second})
	must(t, err)

	restore(t, s, copied)
	must(t, insert(t.Context(), s, "key_c")) // of the same revision as key_b
	if _, err = s.Beat(t.Context(), storage.Beat{Incarnation: "a", Applied: head, Trust: time.Second}); !errors.Is(err, storage.ErrGap) {
		t.Errorf("got %v, want a gap", err)
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		nodes, err := r.Nodes(t.Context())
		if len(nodes) != 1 || nodes[0].Applied != 0 {
			t.Errorf("got nodes %+v", nodes)
		}
		return err
	}))
}
