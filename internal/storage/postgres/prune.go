package postgres

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// PruneUsage implements storage.Store. Whoever adds usage waits for it, so
// rows stay where they were found.
func (s *Store) PruneUsage(ctx context.Context, p storage.UsagePrune) (more bool, err error) {
	if err := s.journal.Post(ctx); err != nil {
		return false, err
	}
	err = s.changeUsage(ctx, func(q *sqlcore.Session) error {
		more = false
		if err := q.PruneUnlisted(ctx, p); err != nil {
			return err
		}
		if err := q.PruneDamaged(ctx, p); err != nil {
			return err
		}
		for _, of := range []struct {
			table, age string
			before     int64
			given      bool
		}{
			{"usage_cells", "hour", sqlcore.Micros(p.CellsBefore), !p.CellsBefore.IsZero()},
			{"workspace_usage", "hour", sqlcore.Micros(p.CellsBefore), !p.CellsBefore.IsZero()},
			{"usage_incarnations", "updated", sqlcore.Micros(p.IncarnationsBefore), true},
			{"denials", "time", sqlcore.Micros(p.DenialsBefore), !p.DenialsBefore.IsZero()},
		} {
			if !of.given {
				continue
			}
			n, err := q.Change(ctx, "DELETE FROM "+of.table+" WHERE ctid = ANY (ARRAY (SELECT ctid FROM "+of.table+
				" WHERE "+of.age+" < ? LIMIT ?))", of.before, p.Limit)
			if err != nil {
				return err
			}
			more = more || n >= int64(p.Limit)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("remove old usage: %w", err)
	}
	return more, nil
}
