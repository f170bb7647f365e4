package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// rehearsal is a store that an import only seems to change: what is put in is
// found again, and goes no further.
type rehearsal struct {
	storage.Reader
	added   map[keys.Digest]*keys.Key
	schemes []keys.Scheme
}

var _ importTx = (*rehearsal)(nil)

// on goes on with another snapshot of the store beneath.
func (r *rehearsal) on(reader storage.Reader) *rehearsal {
	r.Reader = reader
	return r
}

// KeyByDigest implements storage.Reader.
func (r *rehearsal) KeyByDigest(ctx context.Context, digests []keys.Digest) (*keys.Key, error) {
	for _, d := range digests {
		if key := r.added[d]; key != nil {
			return key, nil
		}
	}
	return r.Reader.KeyByDigest(ctx, digests)
}

// CountKeys implements storage.Reader. All that is put in is of one workspace,
// and alive.
func (r *rehearsal) CountKeys(ctx context.Context, workspace string, now time.Time) (int, error) {
	n, err := r.Reader.CountKeys(ctx, workspace, now)
	return n + len(r.added), err
}

// Schemes implements storage.Reader.
func (r *rehearsal) Schemes(ctx context.Context) ([]keys.Scheme, error) {
	schemes, err := r.Reader.Schemes(ctx)
	return append(schemes, r.schemes...), err
}

// InsertKey implements importTx.
func (r *rehearsal) InsertKey(_ context.Context, key *keys.Key) error {
	if r.added == nil {
		r.added = map[keys.Digest]*keys.Key{}
	}
	r.added[key.Digest] = key
	return nil
}

// InsertScheme implements importTx.
func (r *rehearsal) InsertScheme(_ context.Context, s keys.Scheme) error {
	r.schemes = append(r.schemes, s)
	return nil
}

// AppendAudit implements importTx.
func (*rehearsal) AppendAudit(context.Context, storage.AuditEntry) error { return nil }
