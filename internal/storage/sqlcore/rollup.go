package sqlcore

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const day = 24 * time.Hour

// MicrosPerDay is a day in the unit that stores keep times in.
const MicrosPerDay = int64(day / time.Microsecond)

// KeyDay is one day of a key's usage.
type KeyDay struct {
	Key keys.ID
	Day time.Time
}

// ScanKeyDay reads a key's ID and the start of a day.
func ScanKeyDay(row Scan) (KeyDay, error) {
	var at KeyDay
	var start int64
	err := row(&at.Key, &start)
	at.Day = FromMicros(start)
	return at, err
}

// RollUp puts the cells of days together. add adds cells to those that there
// are. Nobody else may be writing usage.
func (q *Session) RollUp(ctx context.Context, days []KeyDay, add func(context.Context, *Session, []storage.UsageCell) error) error {
	const behindTheFirst = ` FROM usage_cells WHERE key_id = ? AND hour > ? AND hour < ?`
	for _, at := range days {
		args := []any{at.Key, Micros(at.Day), Micros(at.Day.Add(day))}
		cells, err := Collect(ctx, q, "SELECT "+CellColumns+behindTheFirst, args, scanCell)
		if err != nil {
			return fmt.Errorf("read a day of %s: %w", at.Key, err)
		}
		if err := q.Exec(ctx, "DELETE"+behindTheFirst, args...); err != nil {
			return err
		}
		if err := add(ctx, q, ofDay(cells, at.Day)); err != nil {
			return err
		}
	}
	return nil
}

// ofDay is cells as one for each endpoint, project and outcome, in the first
// hour of a day.
func ofDay(cells []storage.UsageCell, start time.Time) []storage.UsageCell {
	for i := range cells {
		cells[i].Hour = start
	}
	var all merged
	all.add(cells)
	return all.inOrder()
}
