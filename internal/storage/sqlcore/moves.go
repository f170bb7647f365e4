package sqlcore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Role is a store's part in a migration.
type Role string

// The roles.
const (
	MovesFrom Role = "from" // the store is left
	MovesTo   Role = "to"   // the store is filled
)

// Move is what a store knows of a migration. A store may have been filled once
// and be left later, so there is one for each role.
type Move struct {
	Role  Role
	ID    string // the same on both sides
	Since time.Time
	// Trail is the number of the last audit entry that need not be looked at
	// any more; in the store that is left.
	Trail int64
	// Done: the store is complete; in the one that is filled.
	Done   bool
	Holder string // the run that fills the store; empty: none
	Beats  int64  // grows for as long as the holder lives
}

const moveColumns = `role, id, since, trail, done, holder, beats`

// Move reads what a store knows of a migration; ErrNotFound: nothing.
func (q *Session) Move(ctx context.Context, role Role) (Move, error) {
	m := Move{}
	var since int64
	err := q.Row(ctx, `SELECT `+moveColumns+` FROM moves WHERE role = ?`, []any{role},
		&m.Role, &m.ID, &since, &m.Trail, &m.Done, &m.Holder, &m.Beats)
	m.Since = FromMicros(since)
	return m, err
}

// PutMove enters a migration, in place of what was known of the role.
func (q *Session) PutMove(ctx context.Context, m Move) error {
	if err := q.DropMove(ctx, m.Role); err != nil {
		return err
	}
	return q.Exec(ctx, `INSERT INTO moves (`+moveColumns+`) VALUES `+Placeholders(1, 7),
		m.Role, m.ID, Micros(m.Since), m.Trail, m.Done, m.Holder, m.Beats)
}

// DropMove forgets a migration.
func (q *Session) DropMove(ctx context.Context, role Role) error {
	return q.Exec(ctx, `DELETE FROM moves WHERE role = ?`, role)
}

// BeatMove says that a run lives; ErrNotFound: the store is not its any more.
func (q *Session) BeatMove(ctx context.Context, holder string) error {
	n, err := q.Change(ctx, `UPDATE moves SET beats = beats + 1 WHERE role = ? AND holder = ?`, MovesTo, holder)
	if err == nil && n == 0 {
		return storage.ErrNotFound
	}
	return err
}

// Still is the condition of a statement that happens only where no migration
// forbids changes.
const Still = `NOT EXISTS (SELECT 1 FROM moves WHERE NOT done)`

// RefuseMoving refuses, with a storage.MovingError, to change what is being
// moved.
func (q *Session) RefuseMoving(ctx context.Context) error {
	return q.refuseMove(ctx, `SELECT role, since FROM moves WHERE NOT done ORDER BY role LIMIT 1`)
}

// RefusePart refuses, with a storage.MovingError, a store that isn't complete.
func (q *Session) RefusePart(ctx context.Context) error {
	return q.refuseMove(ctx, `SELECT role, since FROM moves WHERE role = 'to' AND NOT done`)
}

func (q *Session) refuseMove(ctx context.Context, query string) error {
	var role Role
	var since int64
	err := q.Row(ctx, query, nil, &role, &since)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return &storage.MovingError{Into: role == MovesTo, Since: FromMicros(since)}
}

// NotLogged says why the head of the change log took no entry: changes are not
// taken at present, or there is no head.
func (q *Session) NotLogged(ctx context.Context, err error) error {
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if moving := q.RefuseMoving(ctx); moving != nil {
		return moving
	}
	return LostHead(err)
}

// keepLate keeps a batch as a whole, for the store that usage moves to: there
// it counts once, by its incarnation and sequence.
func (q *Session) keepLate(ctx context.Context, batch storage.UsageBatch) error {
	text, err := json.Marshal(batch)
	if err != nil {
		return fmt.Errorf("keep usage for the store that it moves to: %w", err)
	}
	return q.Exec(ctx, `INSERT INTO late_usage (incarnation, sequence, batch) VALUES (?, ?, ?)`, batch.Incarnation, batch.Sequence, text)
}

// LateUsage reads batches that were flushed since a migration from here began,
// those of each incarnation in their order.
func (q *Session) LateUsage(ctx context.Context, limit int) ([]storage.UsageBatch, error) {
	return Collect(ctx, q, `SELECT batch FROM late_usage ORDER BY incarnation, sequence LIMIT ?`, []any{limit}, func(row Scan) (storage.UsageBatch, error) {
		var text []byte
		var batch storage.UsageBatch
		if err := row(&text); err != nil {
			return batch, err
		}
		return batch, json.Unmarshal(text, &batch)
	})
}

// DropLate forgets a batch that was brought over.
func (q *Session) DropLate(ctx context.Context, batch storage.UsageBatch) error {
	return q.Exec(ctx, `DELETE FROM late_usage WHERE incarnation = ? AND sequence = ?`, batch.Incarnation, batch.Sequence)
}

// ClearLate forgets all batches.
func (q *Session) ClearLate(ctx context.Context) error { return q.Exec(ctx, `DELETE FROM late_usage`) }
