package migrate

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// onAlter is a store of which somebody sees each transaction.
type onAlter struct {
	Store
	n    int
	then func(n int) error // before the transaction
	lost func(n int) error // once it is committed
}

func (s *onAlter) Alter(ctx context.Context, fn func(*sqlcore.Session) error) error {
	s.n++
	if s.then != nil {
		if err := s.then(s.n); err != nil {
			return err
		}
	}
	err := s.Store.Alter(ctx, fn)
	if err == nil && s.lost != nil {
		err = s.lost(s.n)
	}
	return err
}

var errKilled = errors.New("killed")

// from lets everything fail from a transaction on: also that the store is let
// go of.
func failFrom(at int) func(int) error {
	return func(n int) error {
		if n >= at {
			return errKilled
		}
		return nil
	}
}

// A run that ends anywhere, before or after what it was about to do, is gone on
// with, and what comes of it is the same.
func TestAMigrationThatIsKilledAnywhereGoesOnAndEndsEqual(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := way.from(t)
			furnish(t, from, 700)
			was := read(t, from)
			for at := 1; ; at++ {
				if over := killedAt(t, from, way.to(t), was, at); over {
					if at < 18 {
						t.Errorf("there were %d transactions", at)
					}
					return
				}
			}
		})
	}
}

// killedAt kills three runs: one before its transaction of a number is begun,
// one after it is committed, and one that fills the other store as a whole.
func killedAt(t *testing.T, from, to Store, was contents, at int) (over bool) {
	t.Helper()
	_, before := migration(from, &onAlter{Store: to, then: failFrom(at)}).Run(t.Context())
	_, after := migration(from, &onAlter{Store: to, lost: failFrom(at + 1)}).Run(t.Context())
	m := migration(&onAlter{Store: from, lost: func(n int) error { return failFrom(2)(n + at%2) }}, to)
	if _, err := m.Run(t.Context()); err != nil && !errors.Is(err, errKilled) {
		t.Fatalf("killed at %d: %v", at, err)
	}
	if _, err := migration(from, to).Run(t.Context()); err != nil {
		t.Fatalf("killed at %d: %v", at, err)
	}
	must(t, Abort(t.Context(), from))
	wantSame(t, was, to)
	if t.Failed() {
		t.Fatalf("killed at %d", at)
	}
	return before == nil && after == nil
}

func TestNobodyUsesAStoreThatIsNotComplete(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		if _, err := migration(from, &onAlter{Store: to, then: failFrom(6)}).Run(t.Context()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		var half *storage.MovingError
		must(t, to.Snapshot(t.Context(), func(q *sqlcore.Session) error {
			half, _ = errors.AsType[*storage.MovingError](q.RefusePart(t.Context()))
			return nil
		}))
		if half == nil || !half.Into {
			t.Errorf("a gate may start: %v", half)
		}
		_, err := to.Update(t.Context(), func(tx storage.Tx) error {
			return tx.InsertWorkspace(t.Context(), storage.Workspace{Name: "more", CreatedAt: noon})
		})
		if _, ok := errors.AsType[*storage.MovingError](err); !ok {
			t.Errorf("changed: %v", err)
		}
		_, err = migration(from, to).Run(t.Context())
		must(t, err)
		must(t, to.Snapshot(t.Context(), func(q *sqlcore.Session) error { return q.RefusePart(t.Context()) }))
	})
}

func TestARunThatLivesIsNotDisturbedByAnother(t *testing.T) {
	t.Parallel()
	from, to := onSQLite(t), onSQLite(t)
	furnish(t, from, 3)
	first := migration(from, &onAlter{Store: to, then: func(n int) error {
		if n != 5 {
			return nil
		}
		second := migration(from, &onAlter{Store: to, lost: func(int) error {
			// The first one goes on between the looks of the second.
			return to.Alter(t.Context(), func(q *sqlcore.Session) error {
				m, err := q.Move(t.Context(), sqlcore.MovesTo)
				if err != nil {
					return err
				}
				return q.BeatMove(t.Context(), m.Holder)
			})
		}})
		if _, err := second.Run(t.Context()); !errors.Is(err, ErrRunning) {
			return fmt.Errorf("the second run: %w", err)
		}
		return nil
	}})
	_, err := first.Run(t.Context())
	must(t, err)
}

// A run that stood still, and was counted as dead, writes nothing any more.
func TestARunThatWasTakenOverEnds(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		was := read(t, from)
		stopped := migration(from, &onAlter{Store: to, then: func(n int) error {
			if n != 5 {
				return nil
			}
			_, err := migration(from, to).Run(t.Context())
			return err
		}})
		if _, err := stopped.Run(t.Context()); !errors.Is(err, ErrTaken) {
			t.Errorf("got error %v", err)
		}
		wantSame(t, was, to)
	})
}

func TestAMigrationThatIsGivenUpMeanwhileSaysSo(t *testing.T) {
	t.Parallel()
	from, to := onSQLite(t), onSQLite(t)
	furnish(t, from, 3)
	m := migration(from, &onAlter{Store: to, then: func(n int) error {
		if n == 5 {
			return Abort(t.Context(), from)
		}
		return nil
	}})
	if _, err := m.Run(t.Context()); !errors.Is(err, ErrGivenUp) {
		t.Errorf("got error %v", err)
	}
}
