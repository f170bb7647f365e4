package sqlite

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const (
	tokenColumns     = `id, digest, pepper, name, hint, workspace, created_by, created_at, expires_at`
	tokenColumnCount = 9
)

// TokenByDigest implements storage.Reader.
func (r *reader) TokenByDigest(ctx context.Context, digest keys.Digest) (*keys.Token, error) {
	t, err := scanToken(func(dest ...any) error {
		return r.row(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE digest = ?", []any{digest[:]}, dest...)
	})
	if err != nil {
		return nil, fmt.Errorf("look up token: %w", err)
	}
	return &t, nil
}

// Tokens implements storage.Reader: newest first.
func (r *reader) Tokens(ctx context.Context, workspace string) ([]keys.Token, error) {
	all, err := collect(ctx, r.session, "SELECT "+tokenColumns+" FROM tokens WHERE workspace = ? ORDER BY created_at DESC, id",
		[]any{workspace}, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, nil
}

// InsertToken implements storage.Tx.
func (t *transaction) InsertToken(ctx context.Context, token *keys.Token) error {
	err := t.exec(ctx, "INSERT INTO tokens ("+tokenColumns+") VALUES "+placeholders(1, tokenColumnCount),
		token.ID, token.Digest[:], token.Pepper, token.Name, token.Hint, token.Workspace, token.CreatedBy,
		micros(token.CreatedAt), orNull(token.ExpiresAt))
	if err != nil {
		return fmt.Errorf("insert token %s: %w", token.ID, err)
	}
	t.log(storage.Change{Subject: storage.SubjectToken, Name: token.ID, Digests: []keys.Digest{token.Digest}})
	return nil
}

// DeleteToken implements storage.Tx.
func (t *transaction) DeleteToken(ctx context.Context, workspace, id string) error {
	var raw []byte
	err := t.row(ctx, `DELETE FROM tokens WHERE workspace = ? AND id = ? RETURNING digest`, []any{workspace, id}, &raw)
	if err != nil {
		return fmt.Errorf("delete token %s: %w", id, err)
	}
	change := storage.Change{Subject: storage.SubjectToken, Name: id}
	if digest, err := toDigest(raw); err == nil {
		change.Digests = []keys.Digest{digest}
	}
	t.log(change)
	return nil
}

// scanToken doesn't refuse a digest of another length, which no secret has:
// the row must show in the list, so that it can be deleted.
func scanToken(row scan) (keys.Token, error) {
	var t keys.Token
	var digest []byte
	var created int64
	var expires number
	err := row(&t.ID, &digest, &t.Pepper, &t.Name, &t.Hint, &t.Workspace, &t.CreatedBy, &created, &expires)
	copy(t.Digest[:], digest)
	t.CreatedAt, t.ExpiresAt = fromMicros(created), fromNull(expires)
	return t, err
}
