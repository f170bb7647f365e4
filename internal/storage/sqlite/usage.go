package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// rowsPerStatement keeps statements well below SQLite's bound of 32,766
// parameters.
const rowsPerStatement = 250

const (
	cellColumns     = cellKey + `, denied, count, cost, last`
	cellColumnCount = 9
)

var errApplied = errors.New("the batch was applied already")

// ApplyUsage implements storage.Store. It writes no entry of the change log.
func (s *Store) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	err := s.change(ctx, func(q *session) error {
		if err := advance(ctx, q, batch); err != nil {
			return err
		}
		if err := addCells(ctx, q, batch.Cells); err != nil {
			return err
		}
		if err := addTotals(ctx, q, batch.Cells); err != nil {
			return err
		}
		return addCalls(ctx, q, batch.Calls)
	})
	if err != nil && !errors.Is(err, errApplied) {
		return fmt.Errorf("apply usage batch %d: %w", batch.Sequence, err)
	}
	return nil
}

// advance remembers a batch as its incarnation's last.
func advance(ctx context.Context, q *session, batch storage.UsageBatch) error {
	var last int64
	err := q.row(ctx, `SELECT sequence FROM usage_incarnations WHERE incarnation = ?`, []any{batch.Incarnation}, &last)
	switch {
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return err
	case batch.Sequence <= last:
		return errApplied
	case batch.Sequence != last+1:
		return fmt.Errorf("%w: the last one was %d", storage.ErrOutOfOrder, last)
	}
	return q.exec(ctx, `INSERT INTO usage_incarnations (incarnation, sequence, updated)
		VALUES (?, ?, CAST(unixepoch('subsec') * 1000000 AS INTEGER))
		ON CONFLICT (incarnation) DO UPDATE SET sequence = excluded.sequence, updated = excluded.updated`,
		batch.Incarnation, batch.Sequence)
}

func addCells(ctx context.Context, q *session, cells []storage.UsageCell) error {
	for chunk := range slices.Chunk(cells, rowsPerStatement) {
		args := make([]any, 0, cellColumnCount*len(chunk))
		for i := range chunk {
			c := &chunk[i]
			args = append(args, c.KeyID, micros(c.Hour), c.Endpoint, c.Project, c.Outcome, c.Denied,
				max(c.Count, 0), max(c.Cost, 0), micros(c.Last))
		}
		err := q.exec(ctx, "INSERT INTO usage_cells ("+cellColumns+") VALUES "+placeholders(len(chunk), cellColumnCount)+
			" ON CONFLICT ("+cellKey+") DO UPDATE SET last = max(last, excluded.last), "+
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

func addTotals(ctx context.Context, q *session, cells []storage.UsageCell) error {
	totals, order := sum(cells)
	for chunk := range slices.Chunk(order, rowsPerStatement) {
		var args []any
		for _, id := range chunk {
			args = append(args, id, totals[id].Calls, micros(totals[id].LastUsed))
		}
		err := q.exec(ctx, "INSERT INTO usage_totals (key_id, calls, last_used) VALUES "+placeholders(len(chunk), 3)+
			" ON CONFLICT (key_id) DO UPDATE SET last_used = max(last_used, excluded.last_used), "+plus("usage_totals", "calls"), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// sum adds up the allowed calls of each key, in the order of first sight.
func sum(cells []storage.UsageCell) (totals map[keys.ID]storage.UsageTotal, order []keys.ID) {
	totals = make(map[keys.ID]storage.UsageTotal)
	for i := range cells {
		c := &cells[i]
		if c.Denied {
			continue
		}
		total, seen := totals[c.KeyID]
		if !seen {
			order = append(order, c.KeyID)
			total.LastUsed = c.Last
		}
		if c.Last.After(total.LastUsed) {
			total.LastUsed = c.Last
		}
		total.Calls += min(max(c.Count, 0), math.MaxInt64-total.Calls)
		totals[c.KeyID] = total
	}
	return totals, order
}

// UsageTotals implements storage.Reader.
func (r *reader) UsageTotals(ctx context.Context, ids []keys.ID) (map[keys.ID]storage.UsageTotal, error) {
	totals := make(map[keys.ID]storage.UsageTotal, len(ids))
	for chunk := range slices.Chunk(ids, rowsPerStatement) {
		var args []any
		for _, id := range chunk {
			args = append(args, id)
		}
		err := r.each(ctx, "SELECT key_id, calls, last_used FROM usage_totals WHERE key_id IN "+placeholders(1, len(chunk)), args,
			func(row scan) (bool, error) {
				var id keys.ID
				var total storage.UsageTotal
				var last int64
				err := row(&id, &total.Calls, &last)
				total.LastUsed = fromMicros(last)
				totals[id] = total
				return false, err
			})
		if err != nil {
			return nil, fmt.Errorf("read usage totals: %w", err)
		}
	}
	return totals, nil
}

// UsageCells implements storage.Reader: by hour, endpoint, project, outcome.
func (r *reader) UsageCells(ctx context.Context, id keys.ID, from, to time.Time) ([]storage.UsageCell, error) {
	where, args := []string{"key_id = ?"}, []any{id}
	if !from.IsZero() {
		where, args = append(where, "hour >= ?"), append(args, micros(from))
	}
	if !to.IsZero() {
		where, args = append(where, "hour < ?"), append(args, micros(to))
	}
	cells, err := collect(ctx, r.session, "SELECT "+cellColumns+" FROM usage_cells WHERE "+strings.Join(where, " AND ")+
		" ORDER BY hour, endpoint, project, outcome", args, scanCell)
	if err != nil {
		return nil, fmt.Errorf("read the usage of key %s: %w", id, err)
	}
	return cells, nil
}

// UsageOwner implements storage.Reader.
func (r *reader) UsageOwner(ctx context.Context, id keys.ID) (storage.UsageOwner, error) {
	var owner storage.UsageOwner
	err := r.row(ctx, "SELECT workspace, project FROM usage_owners WHERE key_id = ?", []any{id}, &owner.Workspace, &owner.Project)
	if err != nil {
		return storage.UsageOwner{}, fmt.Errorf("find whose the usage of key %s is: %w", id, err)
	}
	return owner, nil
}

func scanCell(row scan) (storage.UsageCell, error) {
	var c storage.UsageCell
	var hour, last int64
	err := row(&c.KeyID, &hour, &c.Endpoint, &c.Project, &c.Outcome, &c.Denied, &c.Count, &c.Cost, &last)
	c.Hour, c.Last = fromMicros(hour), fromMicros(last)
	return c, err
}
