package sqlcore

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// observed visits each key that was used, and of these the hours that count:
// there is no index by hour. A cell that was counted to its end can't be added
// to, and is left out.
var observed = fmt.Sprintf(`WITH RECURSIVE used(id) AS (
		SELECT min(key_id) FROM usage_cells
		UNION ALL
		SELECT (SELECT min(key_id) FROM usage_cells WHERE key_id > used.id) FROM used WHERE used.id IS NOT NULL)
	SELECT c.key_id, c.endpoint, c.outcome, CAST(sum(c.count) AS bigint) AS times, max(c.last)
	FROM used JOIN usage_cells AS c ON c.key_id = used.id
	WHERE c.hour >= ? AND c.count < %d AND c.outcome LIKE '%s%%'
	GROUP BY c.key_id, c.endpoint, c.outcome ORDER BY times DESC, c.key_id, c.endpoint, c.outcome LIMIT ?`,
	math.MaxInt64/1_000_000, storage.WouldBe)

// Observed implements storage.Reader.
func (r *Reader) Observed(ctx context.Context, since time.Time, limit int) ([]storage.UsageCell, error) {
	if err := r.beforeSums(ctx, false); err != nil {
		return nil, err
	}
	cells, err := Collect(ctx, r.Session, observed, []any{Micros(since), limit}, func(row Scan) (storage.UsageCell, error) {
		c := storage.UsageCell{Denied: true}
		var last int64
		err := row(&c.KeyID, &c.Endpoint, &c.Outcome, &c.Count, &last)
		c.Last = FromMicros(last)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("add up what was observed: %w", err)
	}
	return cells, nil
}

// PruneUnlisted removes old cells of what no route listed. There are few of
// them in an hour.
func (q *Session) PruneUnlisted(ctx context.Context, p storage.UsagePrune) error {
	return q.Exec(ctx, "DELETE FROM usage_cells WHERE key_id = ? AND hour < ?", string(storage.UnlistedID), Micros(p.UnlistedBefore))
}
