package sqlcore

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Peppers implements storage.Reader.
func (r *Reader) Peppers(ctx context.Context, now time.Time) (map[keys.PepperID]int, error) {
	counts := map[keys.PepperID]int{}
	err := r.Each(ctx, `SELECT pepper, count(*) FROM (
			SELECT pepper FROM keys WHERE pepper <> '' AND status <> 'revoked' AND (expires_at IS NULL OR expires_at > ?1)
			UNION ALL SELECT pepper FROM tokens WHERE pepper <> '' AND (expires_at IS NULL OR expires_at > ?1)
		) AS used GROUP BY pepper`, []any{Micros(now)},
		func(row Scan) (bool, error) {
			var id keys.PepperID
			var count int
			err := row(&id, &count)
			counts[id] = count
			return false, err
		})
	if err != nil {
		return nil, fmt.Errorf("count keys by their peppers: %w", err)
	}
	return counts, nil
}
