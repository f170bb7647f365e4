package postgres

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Lookup implements storage.Store. Key and revision come from one statement,
// and so from one snapshot.
func (s *Store) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	c, err := s.connect()
	if err != nil {
		return storage.Lookup{}, fmt.Errorf("look up key: %w", err)
	}
	var found storage.Lookup
	err = retry(ctx, func() (err error) {
		found, err = c.lookup(ctx, digests)
		return err
	})
	if err != nil {
		return storage.Lookup{}, fmt.Errorf("look up key: %w", translate(err))
	}
	return found, nil
}

func (c *connections) lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	var found storage.Lookup
	var standby bool
	var row sqlcore.KeyRow
	err := c.main.QueryRow(ctx, lookup, digestArgs(digests)).
		Scan(append([]any{&found.Revision, &found.NewestScheme, &standby}, row.Dest()...)...)
	if err == nil && standby {
		err = errStandby
	}
	if err != nil || !row.Found() {
		return found, sqlcore.LostHead(err)
	}
	found.Key, err = row.Key()
	return found, err
}

// lookup always has a row, which bears the revision. Where several digests
// have a key, such as one from before the pepper, the first one's is taken.
var lookup = number(`SELECT revision, newest, standby, ` + sqlcore.KeyColumns + ` FROM
	(SELECT revision, COALESCE((SELECT id FROM schemes ORDER BY seq DESC LIMIT 1), '') AS newest, pg_is_in_recovery() AS standby FROM head) AS log
	LEFT JOIN keys ON ` + firstOf)
