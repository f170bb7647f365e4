package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const tokenColumns = `id, digest, pepper, name, hint, workspace, created_by, created_at, expires_at`

// Token implements storage.Reader.
func (r *Reader) Token(ctx context.Context, id string) (*keys.Token, error) {
	return r.token(ctx, "id", id)
}

// TokenByDigest implements storage.Reader.
func (r *Reader) TokenByDigest(ctx context.Context, digest keys.Digest) (*keys.Token, error) {
	return r.token(ctx, "digest", digest[:])
}

func (r *Reader) token(ctx context.Context, column string, value any) (*keys.Token, error) {
	t, err := scanToken(func(dest ...any) error {
		return r.Row(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE "+column+" = ?", []any{value}, dest...)
	})
	if err != nil {
		return nil, fmt.Errorf("look up token: %w", err)
	}
	return &t, nil
}

// Tokens implements storage.Reader: newest first.
func (r *Reader) Tokens(ctx context.Context, workspace string) ([]keys.Token, error) {
	all, err := Collect(ctx, r.Session, "SELECT "+tokenColumns+" FROM tokens WHERE workspace = ? ORDER BY created_at DESC, id",
		[]any{workspace}, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, nil
}

// InsertToken implements storage.Tx.
func (t *Transaction) InsertToken(ctx context.Context, token *keys.Token) error {
	err := t.insert(ctx, "tokens", tokenColumns,
		token.ID, token.Digest[:], token.Pepper, token.Name, token.Hint, token.Workspace, token.CreatedBy,
		Micros(token.CreatedAt), orNull(token.ExpiresAt))
	if err != nil {
		return fmt.Errorf("insert token %s: %w", token.ID, err)
	}
	t.log(storage.Change{Subject: storage.SubjectToken, Name: token.ID, Digests: []keys.Digest{token.Digest}})
	return nil
}

// DeleteToken implements storage.Tx.
func (t *Transaction) DeleteToken(ctx context.Context, workspace, id string) error {
	var raw []byte
	err := t.Row(ctx, `DELETE FROM tokens WHERE workspace = ? AND id = ? RETURNING digest`, []any{workspace, id}, &raw)
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
func scanToken(row Scan) (keys.Token, error) {
	var t keys.Token
	var digest []byte
	var created int64
	var expires number
	err := row(&t.ID, &digest, &t.Pepper, &t.Name, &t.Hint, &t.Workspace, &t.CreatedBy, &created, &expires)
	copy(t.Digest[:], digest)
	t.CreatedAt, t.ExpiresAt = FromMicros(created), fromNull(expires)
	return t, err
}
