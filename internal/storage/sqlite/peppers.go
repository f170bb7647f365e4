package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Peppers implements storage.Reader.
func (r *reader) Peppers(ctx context.Context, now time.Time) (map[keys.PepperID]int, error) {
	counts := map[keys.PepperID]int{}
	err := r.each(ctx, `SELECT pepper, count(*) FROM (
			SELECT pepper FROM keys WHERE pepper <> '' AND status <> 'revoked' AND (expires_at IS NULL OR expires_at > ?1)
			UNION ALL SELECT pepper FROM tokens WHERE pepper <> '' AND (expires_at IS NULL OR expires_at > ?1)
		) GROUP BY pepper`, []any{micros(now)},
		func(row scan) (bool, error) {
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
