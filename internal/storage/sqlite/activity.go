package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const (
	callColumns     = `key_id, time, method, endpoint, status, denied, client, missed`
	callColumnCount = 8
)

// addCalls notes calls, oldest first, and forgets those that are too many.
func addCalls(ctx context.Context, q *session, calls []storage.NotedCall) error {
	touched := map[keys.ID]bool{}
	for chunk := range slices.Chunk(calls, rowsPerStatement) {
		args := make([]any, 0, callColumnCount*len(chunk))
		for i := range chunk {
			c := &chunk[i]
			touched[c.KeyID] = true
			args = append(args, c.KeyID, micros(c.At), c.Method, c.Endpoint, c.Status, c.Denied, c.Client, max(c.Missed, 0))
		}
		err := q.exec(ctx, "INSERT INTO activity ("+callColumns+") SELECT * FROM (VALUES "+placeholders(len(chunk), callColumnCount)+
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

func forgetCalls(ctx context.Context, q *session, id keys.ID) error {
	return q.exec(ctx, `DELETE FROM activity WHERE key_id = ?1 AND seq <=
		(SELECT seq FROM activity WHERE key_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`, id, storage.ActivityKept)
}

// Activity implements storage.Reader.
func (r *reader) Activity(ctx context.Context, id keys.ID, limit int) ([]storage.NotedCall, error) {
	calls, err := collect(ctx, r.session, "SELECT "+callColumns+" FROM activity WHERE key_id = ? ORDER BY seq DESC LIMIT ?",
		[]any{id, limit}, scanCall)
	if err != nil {
		return nil, fmt.Errorf("read the activity of key %s: %w", id, err)
	}
	return calls, nil
}

func scanCall(row scan) (storage.NotedCall, error) {
	var c storage.NotedCall
	var at int64
	err := row(&c.KeyID, &at, &c.Method, &c.Endpoint, &c.Status, &c.Denied, &c.Client, &c.Missed)
	c.At = fromMicros(at)
	return c, err
}
