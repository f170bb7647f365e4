package sqlite

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Catalogue implements storage.Store.
func (s *Store) Catalogue(ctx context.Context) (storage.Catalogue, error) {
	var all storage.Catalogue
	err := s.snapshot(ctx, func(q *sqlcore.Session, head storage.Position) (err error) {
		all, err = sqlcore.Catalogue(ctx, q, head.Revision)
		return err
	})
	if err != nil {
		return storage.Catalogue{}, fmt.Errorf("read workspaces and projects: %w", err)
	}
	return all, nil
}
