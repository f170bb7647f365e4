package sqlcore

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

const (
	// CellKey are the columns that tell usage cells apart.
	CellKey = `key_id, hour, endpoint, project, outcome`
	// CellColumns are all columns of a usage cell.
	CellColumns = CellKey + `, denied, count, cost, last`
)

// idsAtOnce bounds one question about many keys.
const idsAtOnce = 250

// ErrApplied says that a batch was applied already, which is as good as now.
var ErrApplied = errors.New("the batch was applied already")

// Advance remembers a batch as its incarnation's last, and says whether the store
// is being moved. Nobody else may be writing usage.
func (q *Session) Advance(ctx context.Context, batch storage.UsageBatch) (moving bool, err error) {
	var last int64
	err = q.Row(ctx, `SELECT COALESCE((SELECT sequence FROM usage_incarnations WHERE incarnation = ?), 0),
		EXISTS (SELECT 1 FROM moves WHERE role = 'from')`, []any{batch.Incarnation}, &last, &moving)
	switch {
	case err != nil:
		return false, err
	case batch.Sequence <= last:
		return moving, ErrApplied
	case batch.Sequence != last+1:
		return moving, fmt.Errorf("%w: the last one was %d", storage.ErrOutOfOrder, last)
	}
	if moving {
		if err := q.keepLate(ctx, batch); err != nil {
			return moving, err
		}
	}
	return moving, q.Exec(ctx, `INSERT INTO usage_incarnations (incarnation, sequence, updated) VALUES (?, ?, `+q.Now()+`)
		ON CONFLICT (incarnation) DO UPDATE SET sequence = excluded.sequence, updated = excluded.updated`,
		batch.Incarnation, batch.Sequence)
}

// Totals adds up the allowed calls of each key, in the order of first sight.
func Totals(cells []storage.UsageCell) (totals map[keys.ID]storage.UsageTotal, order []keys.ID) {
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
func (r *Reader) UsageTotals(ctx context.Context, ids []keys.ID) (map[keys.ID]storage.UsageTotal, error) {
	if err := r.beforeSums(ctx, false); err != nil {
		return nil, err
	}
	totals := make(map[keys.ID]storage.UsageTotal, len(ids))
	for chunk := range slices.Chunk(ids, idsAtOnce) {
		of := r.Among("key_id", texts(chunk))
		err := r.Each(ctx, "SELECT key_id, calls, last_used FROM usage_totals WHERE "+of.SQL, of.Args, func(row Scan) (bool, error) {
			var id keys.ID
			var total storage.UsageTotal
			var last int64
			err := row(&id, &total.Calls, &last)
			total.LastUsed = FromMicros(last)
			totals[id] = total
			return false, err
		})
		if err != nil {
			return nil, fmt.Errorf("read usage totals: %w", err)
		}
	}
	return totals, nil
}

func texts(ids []keys.ID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = string(id)
	}
	return all
}

// UsageCells implements storage.Reader: by hour, endpoint, project, outcome.
func (r *Reader) UsageCells(ctx context.Context, id keys.ID, from, to time.Time) ([]storage.UsageCell, error) {
	if err := r.beforeSums(ctx, false); err != nil {
		return nil, err
	}
	where, args := []string{"key_id = ?"}, []any{id}
	if !from.IsZero() {
		where, args = append(where, "hour >= ?"), append(args, Micros(from))
	}
	if !to.IsZero() {
		where, args = append(where, "hour < ?"), append(args, Micros(to))
	}
	cells, err := Collect(ctx, r.Session, "SELECT "+CellColumns+" FROM usage_cells WHERE "+strings.Join(where, " AND ")+
		" ORDER BY hour, endpoint, project, outcome", args, scanCell)
	if err != nil {
		return nil, fmt.Errorf("read the usage of key %s: %w", id, err)
	}
	return cells, nil
}

// UsageOwner implements storage.Reader.
func (r *Reader) UsageOwner(ctx context.Context, id keys.ID) (storage.UsageOwner, error) {
	var owner storage.UsageOwner
	err := r.Row(ctx, "SELECT workspace, project FROM usage_owners WHERE key_id = ?", []any{id}, &owner.Workspace, &owner.Project)
	if err != nil {
		return storage.UsageOwner{}, fmt.Errorf("find whose the usage of key %s is: %w", id, err)
	}
	return owner, nil
}

func scanCell(row Scan) (storage.UsageCell, error) {
	var c storage.UsageCell
	var hour, last int64
	err := row(&c.KeyID, &hour, &c.Endpoint, &c.Project, &c.Outcome, &c.Denied, &c.Count, &c.Cost, &last)
	c.Hour, c.Last = FromMicros(hour), FromMicros(last)
	return c, err
}
