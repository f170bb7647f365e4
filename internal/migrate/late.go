package migrate

import (
	"context"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// lateUsage applies the batches that were flushed since the migration began,
// as the gates that flushed them would have: what the copy has, or a run that
// ended in between, counts once.
func (r *run) lateUsage(ctx context.Context) (applied int, err error) {
	for {
		var batches []storage.UsageBatch
		err := r.From.Snapshot(ctx, func(q *sqlcore.Session) (err error) {
			batches, err = q.LateUsage(ctx, batchesAtOnce)
			return err
		})
		if err != nil || len(batches) == 0 {
			return applied, err
		}
		for _, batch := range batches {
			if err := r.beat(ctx); err != nil {
				return applied, err
			}
			if err := r.To.ApplyUsage(ctx, batch); err != nil {
				return applied, err
			}
		}
		err = r.From.Alter(ctx, func(q *sqlcore.Session) error {
			for _, batch := range batches {
				if err := q.DropLate(ctx, batch); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return applied, err
		}
		applied += len(batches)
	}
}

// lateTrail brings over the audit entries that were written since: what was
// tried and refused.
func (r *run) lateTrail(ctx context.Context) (added int, err error) {
	from, err := r.leaving(ctx)
	for err == nil && from.ID == r.move.ID {
		var rows []sqlcore.Row
		err = r.From.Snapshot(ctx, func(q *sqlcore.Session) (err error) {
			rows, from.Trail, err = q.Trail(ctx, from.Trail, pageRows)
			return err
		})
		if err != nil || len(rows) == 0 {
			return added, err
		}
		var some int
		err = r.write(ctx, func(to *sqlcore.Session) (err error) {
			some, err = to.AddTrail(ctx, rows)
			return err
		})
		if err != nil {
			return added, err
		}
		added += some
		err = r.From.Alter(ctx, func(q *sqlcore.Session) error {
			stands, err := q.Move(ctx, sqlcore.MovesFrom)
			if err != nil || stands.ID != from.ID {
				return instead(err, ErrGivenUp)
			}
			stands.Trail = from.Trail
			return q.PutMove(ctx, stands)
		})
	}
	return added, err
}
