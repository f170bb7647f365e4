package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Schemes implements storage.Reader.
func (r *Reader) Schemes(ctx context.Context) ([]keys.Scheme, error) {
	all, err := Collect(ctx, r.Session, `SELECT id, algorithm, key FROM schemes ORDER BY seq`, nil, scanScheme)
	if err != nil {
		return nil, fmt.Errorf("list the schemes of imported keys: %w", err)
	}
	return all, nil
}

// scanScheme doesn't refuse an algorithm that this version doesn't know: a
// newer node may have inserted it.
func scanScheme(row Scan) (keys.Scheme, error) {
	var s keys.Scheme
	var key []byte
	err := row(&s.ID, &s.Algorithm, &key)
	s.Key = keys.NewSecret(string(key))
	return s, err
}

// InsertScheme implements storage.Tx. The key is stored as it is: without it,
// no node could tell whose a presented secret is.
func (t *Transaction) InsertScheme(ctx context.Context, s keys.Scheme) error {
	err := t.insert(ctx, "schemes", "id, algorithm, key", s.ID, s.Algorithm, []byte(s.Key.Reveal()))
	if err != nil {
		return fmt.Errorf("insert scheme %s: %w", s.ID, err)
	}
	t.log(storage.Change{Subject: storage.SubjectScheme, Name: s.ID})
	return nil
}
