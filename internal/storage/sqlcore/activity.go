package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// CallColumns are the columns of a noted call.
const CallColumns = `key_id, time, method, endpoint, status, denied, client, missed`

// Activity implements storage.Reader.
func (r *Reader) Activity(ctx context.Context, id keys.ID, limit int) ([]storage.NotedCall, error) {
	calls, err := Collect(ctx, r.Session, "SELECT "+CallColumns+" FROM activity WHERE key_id = ? ORDER BY seq DESC LIMIT ?",
		[]any{id, limit}, scanCall)
	if err != nil {
		return nil, fmt.Errorf("read the activity of key %s: %w", id, err)
	}
	return calls, nil
}

func scanCall(row Scan) (storage.NotedCall, error) {
	var c storage.NotedCall
	var at int64
	err := row(&c.KeyID, &at, &c.Method, &c.Endpoint, &c.Status, &c.Denied, &c.Client, &c.Missed)
	c.At = FromMicros(at)
	return c, err
}
