package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// DenialColumns are the columns of a denial.
const DenialColumns = `request, key_id, time, gate, method, endpoint, path, project, code, client`

// Denial implements storage.Reader.
func (r *Reader) Denial(ctx context.Context, requestID string) (d storage.Denial, err error) {
	var at int64
	err = r.Row(ctx, "SELECT "+DenialColumns+" FROM denials WHERE request = ? ORDER BY seq DESC LIMIT 1", []any{requestID},
		&d.RequestID, &d.KeyID, &at, &d.Gate, &d.Method, &d.Endpoint, &d.Path, &d.Project, &d.Code, &d.Client)
	if err != nil {
		return storage.Denial{}, fmt.Errorf("read the denial of a request: %w", err)
	}
	d.At = FromMicros(at)
	return d, nil
}

// ForgetDenials leaves the latest denials of a key; an empty ID: of those
// without one.
func (q *Session) ForgetDenials(ctx context.Context, of keys.ID) error {
	kept := storage.KeyDenialsKept
	if of == "" {
		kept = storage.StrangerDenialsKept
	}
	return q.Exec(ctx, `DELETE FROM denials WHERE key_id = ? AND seq <=
		(SELECT seq FROM denials WHERE key_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`, string(of), string(of), kept)
}
