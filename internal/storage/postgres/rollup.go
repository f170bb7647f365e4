package postgres

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// RollUpUsage implements storage.Store.
func (s *Store) RollUpUsage(ctx context.Context, r storage.UsageRollUp) (more bool, err error) {
	err = s.changeUsage(ctx, func(q *sqlcore.Session) error {
		days, err := sqlcore.Collect(ctx, q, `SELECT DISTINCT key_id, hour - hour % ?1 FROM (
				SELECT key_id, hour FROM usage_cells WHERE hour >= ?2 AND hour < ?3 AND hour % ?1 <> 0 LIMIT ?4) AS found`,
			[]any{sqlcore.MicrosPerDay, max(sqlcore.Micros(r.From), 0), sqlcore.Micros(r.Before), r.Limit}, sqlcore.ScanKeyDay)
		if err != nil {
			return err
		}
		more = len(days) > 0
		return q.RollUp(ctx, days, addToCells)
	})
	if err != nil {
		return false, fmt.Errorf("put old usage together: %w", err)
	}
	return more, nil
}
