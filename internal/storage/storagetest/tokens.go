package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var tokenGuarantees = []guarantee{
	{"TokenComesBackAsItWasStored", tokenComesBack},
	{"TokensAreListedByWorkspaceNewestFirst", tokensListed},
	{"AGlanceFindsWhatAViewFinds", glanced},
	{"TokenIsDeletedOnlyFromItsWorkspace", tokenDeleted},
}

func newToken(id, workspace string, created time.Time) *keys.Token {
	return &keys.Token{ID: id, Digest: digestOf(id), Name: "Token " + id, Hint: "kst_" + id, Workspace: workspace, CreatedBy: "ann", CreatedAt: created}
}

func (f *fixture) insertTokens(t *testing.T, all ...*keys.Token) {
	t.Helper()
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		for _, token := range all {
			must(t, tx.InsertToken(ctx, token))
		}
		return nil
	})
}

func tokenComesBack(t *testing.T, f *fixture) {
	token := newToken("tok_a", "acme", noon.Add(time.Microsecond))
	token.ExpiresAt, token.Pepper = noon.Add(time.Hour), "0123456789abcdef"
	forever := newToken("tok_b", "", noon)
	f.insertTokens(t, token, forever)
	for _, want := range []*keys.Token{token, forever} {
		got := read(t, f.store, func(ctx context.Context, r storage.Reader) (*keys.Token, error) {
			return r.TokenByDigest(ctx, want.Digest)
		})
		wantEqual(t, "token", got, want)
		wantEqual(t, "no end stays none", got.ExpiresAt.IsZero(), want.ExpiresAt.IsZero())
	}
	found, err := f.store.Lookup(t.Context(), []keys.Digest{token.Digest})
	must(t, err)
	wantEqual(t, "looked up as a key", found.Key, nil) // MGMT-06
}

func tokensListed(t *testing.T, f *fixture) {
	f.insertTokens(t, newToken("tok_1", "acme", noon), newToken("tok_2", "acme", noon.Add(time.Second)),
		newToken("tok_3", "", noon), newToken("tok_4", "other", noon))
	for workspace, want := range map[string][]string{"acme": {"tok_2", "tok_1"}, "": {"tok_3"}, "none": nil} {
		var got []string
		for _, token := range read(t, f.store, func(ctx context.Context, r storage.Reader) ([]keys.Token, error) { return r.Tokens(ctx, workspace) }) {
			got = append(got, token.ID)
		}
		wantEqual(t, "tokens of "+workspace, got, want)
	}
}

func tokenDeleted(t *testing.T, f *fixture) {
	f.insertTokens(t, newToken("tok_1", "acme", noon), newToken("tok_2", "", noon))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		wantErr(t, "from another workspace", tx.DeleteToken(ctx, "other", "tok_1"), storage.ErrNotFound)
		wantErr(t, "as an operator's", tx.DeleteToken(ctx, "", "tok_1"), storage.ErrNotFound)
		wantErr(t, "an operator's", tx.DeleteToken(ctx, "acme", "tok_2"), storage.ErrNotFound)
		return tx.DeleteToken(ctx, "acme", "tok_1")
	})
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		_, err := r.TokenByDigest(t.Context(), digestOf("tok_1"))
		wantErr(t, "the deleted one", err, storage.ErrNotFound)
		_, err = r.TokenByDigest(t.Context(), digestOf("tok_2"))
		return err
	}))
}

func glanced(t *testing.T, f *fixture) {
	f.insertTokens(t, newToken("tok_a", "acme", noon))
	var ids []string
	look := func(name string) error {
		return f.store.Glance(t.Context(), func(r storage.Reader) error {
			token, err := r.TokenByDigest(t.Context(), digestOf(name))
			if err == nil {
				ids = append(ids, token.ID)
			}
			return err
		})
	}
	must(t, look("tok_a"))
	wantEqual(t, "found", ids, []string{"tok_a"})
	wantErr(t, "another", look("tok_b"), storage.ErrNotFound)
}
