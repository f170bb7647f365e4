package sqlite

import (
	"context"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const callColumnCount = 8

// addCalls notes calls, oldest first, and forgets those that are too many.
func addCalls(ctx context.Context, q *sqlcore.Session, calls []storage.NotedCall) error {
	touched := map[keys.ID]bool{}
	for chunk := range slices.Chunk(calls, rowsPerStatement) {
		args := make([]any, 0, callColumnCount*len(chunk))
		for i := range chunk {
			c := &chunk[i]
			touched[c.KeyID] = true
			args = append(args, c.KeyID, sqlcore.Micros(c.At), c.Method, c.Endpoint, c.Status, c.Denied, c.Client, max(c.Missed, 0))
		}
		err := q.Exec(ctx, "INSERT INTO activity ("+sqlcore.CallColumns+") SELECT * FROM (VALUES "+sqlcore.Placeholders(len(chunk), callColumnCount)+
			") AS noted WHERE EXISTS (SELECT 1 FROM keys WHERE id = noted.column1)", args...)
		if err != nil {
			return err
		}
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
