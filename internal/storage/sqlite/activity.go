package sqlite

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const callColumnCount = 8

// addCalls notes calls, oldest first, and forgets those that are too many.
func addCalls(ctx context.Context, q *sqlcore.Session, calls []storage.NotedCall) error {
	touched := map[keys.ID]bool{}
	err := putRows(ctx, q, calls, callColumnCount, "INSERT INTO activity ("+sqlcore.CallColumns+") SELECT * FROM (VALUES ",
		") AS noted WHERE EXISTS (SELECT 1 FROM keys WHERE id = noted.column1)",
		func(args []any, c *storage.NotedCall) []any {
			touched[c.KeyID] = true
			return append(args, c.KeyID, sqlcore.Micros(c.At), c.Method, c.Endpoint, c.Status, c.Denied, c.Client, max(c.Missed, 0))
		})
	if err != nil {
		return err
	}
	for id := range touched {
		if err := forgetCalls(ctx, q, id); err != nil {
			return err
		}
	}
	return nil
}

// forgetCalls leaves the latest calls of a key.
func forgetCalls(ctx context.Context, q *sqlcore.Session, id keys.ID) error {
	return q.Exec(ctx, `DELETE FROM activity WHERE key_id = ?1 AND seq <=
		(SELECT seq FROM activity WHERE key_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`, id, storage.ActivityKept)
}
