package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const (
	cellColumnCount  = 9
	totalColumnCount = 3
)

// ApplyUsage implements storage.Store. It writes no entry of the change log.
func (s *Store) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	err := s.journal.Apply(ctx, &batch, func(q *sqlcore.Session) error {
		if err := addCalls(ctx, q, batch.Calls); err != nil {
			return err
		}
		return addDenials(ctx, q, batch.Denials)
	})
	if err != nil {
		return fmt.Errorf("apply usage batch %d: %w", batch.Sequence, err)
	}
	return nil
}

// addUsage adds cells to the sums.
func addUsage(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	if err := addCells(ctx, q, cells); err != nil {
		return err
	}
	return addTotals(ctx, q, cells)
}

func addCells(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	return putRows(ctx, q, cells, cellColumnCount, "INSERT INTO usage_cells ("+sqlcore.CellColumns+") VALUES ",
		" ON CONFLICT ("+sqlcore.CellKey+") DO UPDATE SET last = max(last, excluded.last), "+plus("usage_cells", "count")+", "+plus("usage_cells", "cost"),
		func(args []any, c *storage.UsageCell) []any {
			return append(args, c.KeyID, sqlcore.Micros(c.Hour), c.Endpoint, c.Project, c.Outcome, c.Denied,
				max(c.Count, 0), max(c.Cost, 0), sqlcore.Micros(c.Last))
		})
}

// plus stops at the largest number: beyond, SQLite would count in floating
// point, which the column refuses, and the batch would fail for good.
func plus(table, column string) string {
	was, more := table+"."+column, "excluded."+column
	return fmt.Sprintf("%s = iif(%s > %d - %s, %d, %s + %s)", column, was, math.MaxInt64, more, math.MaxInt64, was, more)
}

func addTotals(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	totals, order := sqlcore.Totals(cells)
	return putRows(ctx, q, order, totalColumnCount, "INSERT INTO usage_totals (key_id, calls, last_used) VALUES ",
		" ON CONFLICT (key_id) DO UPDATE SET last_used = max(last_used, excluded.last_used), "+plus("usage_totals", "calls"),
		func(args []any, id *keys.ID) []any {
			return append(args, *id, totals[*id].Calls, sqlcore.Micros(totals[*id].LastUsed))
		})
}
