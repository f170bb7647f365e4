package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// rowsPerStatement keeps statements well below SQLite's bound of 32,766
// parameters.
const rowsPerStatement = 250

const cellColumnCount = 9

// ApplyUsage implements storage.Store. It writes no entry of the change log.
func (s *Store) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	err := s.change(ctx, func(q *sqlcore.Session) error {
		if err := q.Advance(ctx, batch); err != nil {
			return err
		}
		if err := addCells(ctx, q, batch.Cells); err != nil {
			return err
		}
		if err := addTotals(ctx, q, batch.Cells); err != nil {
			return err
		}
		if err := addCalls(ctx, q, batch.Calls); err != nil {
			return err
		}
		return addDenials(ctx, q, batch.Denials)
	})
	if err != nil && !errors.Is(err, sqlcore.ErrApplied) {
		return fmt.Errorf("apply usage batch %d: %w", batch.Sequence, err)
	}
	return nil
}

func addCells(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	for chunk := range slices.Chunk(cells, rowsPerStatement) {
		args := make([]any, 0, cellColumnCount*len(chunk))
		for i := range chunk {
			c := &chunk[i]
			args = append(args, c.KeyID, sqlcore.Micros(c.Hour), c.Endpoint, c.Project, c.Outcome, c.Denied,
				max(c.Count, 0), max(c.Cost, 0), sqlcore.Micros(c.Last))
		}
		err := q.Exec(ctx, "INSERT INTO usage_cells ("+sqlcore.CellColumns+") VALUES "+sqlcore.Placeholders(len(chunk), cellColumnCount)+
			" ON CONFLICT ("+sqlcore.CellKey+") DO UPDATE SET last = max(last, excluded.last), "+
			plus("usage_cells", "count")+", "+plus("usage_cells", "cost"), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// plus stops at the largest number: beyond, SQLite would count in floating
// point, which the column refuses, and the batch would fail for good.
func plus(table, column string) string {
	was, more := table+"."+column, "excluded."+column
	return fmt.Sprintf("%s = iif(%s > %d - %s, %d, %s + %s)", column, was, math.MaxInt64, more, math.MaxInt64, was, more)
}

func addTotals(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	totals, order := sqlcore.Totals(cells)
	for chunk := range slices.Chunk(order, rowsPerStatement) {
		var args []any
		for _, id := range chunk {
			args = append(args, id, totals[id].Calls, sqlcore.Micros(totals[id].LastUsed))
		}
		err := q.Exec(ctx, "INSERT INTO usage_totals (key_id, calls, last_used) VALUES "+sqlcore.Placeholders(len(chunk), 3)+
			" ON CONFLICT (key_id) DO UPDATE SET last_used = max(last_used, excluded.last_used), "+plus("usage_totals", "calls"), args...)
		if err != nil {
			return err
		}
	}
	return nil
}
