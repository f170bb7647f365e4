package migrate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// run is a Migration that is under way.
type run struct {
	*Migration
	move   sqlcore.Move // of the store that is filled
	holder string
	beaten time.Time
}

// begin claims the store that is to be filled, and then has the other one take
// no more changes: in this order, a store that can't be filled stops nobody.
func (r *run) begin(ctx context.Context) error {
	r.holder = rand.Text()
	from, err := r.leaving(ctx)
	if err != nil {
		return fmt.Errorf("look for an earlier run: %w", err)
	}
	if err := r.claim(ctx, from); err != nil {
		return fmt.Errorf("take hold of the store that is to be filled: %w", err)
	}
	if err := r.leave(ctx); err != nil {
		return errors.Join(fmt.Errorf("begin to leave the store: %w", err), r.release(ctx))
	}
	return nil
}

// leaving is what the store that is left knows of a migration; one without an
// ID where that is nothing.
func (r *run) leaving(ctx context.Context) (from sqlcore.Move, err error) {
	err = r.From.Snapshot(ctx, func(q *sqlcore.Session) error {
		from, err = known(ctx, q, sqlcore.MovesFrom)
		return err
	})
	return from, err
}

func known(ctx context.Context, q *sqlcore.Session, role sqlcore.Role) (sqlcore.Move, error) {
	m, err := q.Move(ctx, role)
	if errors.Is(err, storage.ErrNotFound) {
		return sqlcore.Move{}, nil
	}
	return m, err
}

// claim takes the store that is to be filled, if need be from a run that is
// dead: one that says nothing for a while. Should it live after all, it finds
// out at its next transaction.
func (r *run) claim(ctx context.Context, from sqlcore.Move) error {
	seen, err := r.try(ctx, from, sqlcore.Move{})
	if err != nil || seen.Holder == r.holder {
		return err
	}
	patience := r.Patience
	if patience == 0 {
		patience = usualPatience
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if seen, err = r.try(ctx, from, seen); err == nil && seen.Holder != r.holder {
		err = ErrRunning
	}
	return err
}

// try claims the store where nobody holds it, or who was seen to and has been
// silent since. It returns what stands there then.
func (r *run) try(ctx context.Context, from, silent sqlcore.Move) (stands sqlcore.Move, err error) {
	err = r.To.Alter(ctx, func(q *sqlcore.Session) error {
		stands, err = known(ctx, q, sqlcore.MovesTo)
		if err != nil {
			return err
		}
		if stands.Holder != "" && (stands.Holder != silent.Holder || stands.Beats != silent.Beats) {
			return nil
		}
		if err := fits(ctx, q, from, stands); err != nil {
			return err
		}
		if stands.ID == "" {
			stands = sqlcore.Move{Role: sqlcore.MovesTo, ID: rand.Text(), Since: r.Now()}
		}
		stands.Holder, stands.Beats = r.holder, 0
		return q.PutMove(ctx, stands)
	})
	r.move = stands
	return stands, err
}

// fits refuses what isn't one migration: a store that is left for another one,
// or one to fill that holds something else.
func fits(ctx context.Context, q *sqlcore.Session, from, to sqlcore.Move) error {
	switch {
	case from.ID != "" && from.ID == to.ID:
		return nil
	case from.ID != "":
		return ErrElsewhere
	case to.Done:
		return &NotEmptyError{[]string{"what another migration brought"}}
	}
	held, err := q.Holding(ctx)
	if err != nil {
		return err
	}
	if len(held) > 0 && to.ID != "" {
		held = []string{"a part of a migration that was given up"}
	}
	if len(held) > 0 {
		return &NotEmptyError{held}
	}
	return nil
}

// leave has the store take no more changes, and keep usage that comes from here
// on for the other one.
func (r *run) leave(ctx context.Context) error {
	return r.From.Alter(ctx, func(q *sqlcore.Session) error {
		from, err := known(ctx, q, sqlcore.MovesFrom)
		switch {
		case err != nil:
			return err
		case from.ID == r.move.ID:
			return nil
		case from.ID != "":
			return ErrElsewhere
		}
		if err := q.RefuseNewer(ctx); err != nil {
			return err
		}
		trail, err := q.LastEntry(ctx)
		if err != nil {
			return err
		}
		if err := q.ClearLate(ctx); err != nil {
			return err
		}
		return q.PutMove(ctx, sqlcore.Move{Role: sqlcore.MovesFrom, ID: r.move.ID, Since: r.Now(), Trail: trail})
	})
}

// write runs fn in a transaction of the store that is filled, for as long as
// that is this run's.
func (r *run) write(ctx context.Context, fn func(*sqlcore.Session) error) error {
	err := r.To.Alter(ctx, func(q *sqlcore.Session) error {
		if err := q.BeatMove(ctx, r.holder); err != nil {
			return instead(err, ErrTaken)
		}
		return fn(q)
	})
	if err == nil {
		r.beaten = r.Now()
	}
	return err
}

// beat says from time to time that this run lives.
func (r *run) beat(ctx context.Context) error {
	if r.Now().Sub(r.beaten) < beatEvery {
		return nil
	}
	return r.write(ctx, func(*sqlcore.Session) error { return nil })
}

// release lets another run begin at once, also where this one was interrupted.
func (r *run) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	err := r.To.Alter(ctx, func(q *sqlcore.Session) error {
		to, err := known(ctx, q, sqlcore.MovesTo)
		if err != nil || to.Holder != r.holder {
			return err
		}
		to.Holder = ""
		return q.PutMove(ctx, to)
	})
	if err != nil {
		return fmt.Errorf("let go of the store that was filled: %w", err)
	}
	return nil
}

// stands finds out whether the migration was given up meanwhile.
func (r *run) stands(ctx context.Context) error {
	from, err := r.leaving(ctx)
	if err == nil && from.ID != r.move.ID {
		err = ErrGivenUp
	}
	return err
}

func list(words []string) string { return strings.Join(words, ", ") }
