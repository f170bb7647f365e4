package manage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// NewToken asks for a management token.
type NewToken struct {
	Name string `json:"name" doc:"1 to 100 characters."`
	// AllWorkspaces makes it an operator's.
	AllWorkspaces bool   `json:"all_workspaces,omitempty"`
	ExpiresAt     string `json:"expires_at,omitempty" format:"date-time"`
	ExpiresIn     string `json:"expires_in,omitempty" example:"90d"`
}

// TokenQuery selects tokens.
type TokenQuery struct {
	// AllWorkspaces lists the operators' tokens instead of the workspace's.
	AllWorkspaces bool
}

// TokenView is a management token as everybody sees it.
type TokenView struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Hint          string     `json:"hint"`
	Workspace     string     `json:"workspace" doc:"Empty: all."`
	AllWorkspaces bool       `json:"all_workspaces"`
	CreatedBy     string     `json:"created_by"`
	CreatedAt     time.Time  `json:"created_at"`
	ExpiresAt     *time.Time `json:"expires_at" doc:"null: never."`
}

// CreateToken implements Service.
func (m *Manager) CreateToken(ctx context.Context, call Call, ask NewToken) (CreatedToken, error) {
	d, err := m.tokenPlace(ctx, call, "token.create", ask.AllWorkspaces)
	if err != nil {
		return CreatedToken{}, err
	}
	var out CreatedToken
	err = m.once(ctx, d, "create token", creating{
		ask: ask,
		make: func(tx storage.Tx, to reach) (_ string, err error) {
			out, err = m.createToken(ctx, tx, d, to, ask)
			return out.ID, err
		},
		again: func(tx storage.Tx, _ reach, made string) (err error) {
			out, err = madeToken(ctx, tx, d.workspace, made)
			return err
		},
	})
	if err != nil {
		return CreatedToken{}, err
	}
	return out, nil
}

func (m *Manager) createToken(ctx context.Context, tx storage.Tx, d deed, to reach, ask NewToken) (CreatedToken, error) {
	token, secret, err := m.draftToken(ask, d.call.Actor.Name, d.workspace)
	if err != nil {
		return CreatedToken{}, err
	}
	if err := to.outlive(token); err != nil {
		return CreatedToken{}, err
	}
	if d.workspace != "" {
		if _, err := workspaceExists(ctx, tx, d.workspace); err != nil {
			return CreatedToken{}, err
		}
	}
	if err := tx.InsertToken(ctx, token); err != nil {
		return CreatedToken{}, err
	}
	entry := m.entry(d.call, d.workspace, d.action)
	entry.Target, entry.Changes = token.ID, map[string]storage.FieldChange{"name": {To: token.Name}}
	return CreatedToken{TokenView: viewOfToken(token), Secret: secret}, tx.AppendAudit(ctx, entry)
}

// madeToken is what the repeat of a call answers with.
func madeToken(ctx context.Context, r storage.Reader, workspace, id string) (CreatedToken, error) {
	all, err := r.Tokens(ctx, workspace)
	if err != nil {
		return CreatedToken{}, err
	}
	at := slices.IndexFunc(all, func(t keys.Token) bool { return t.ID == id })
	if at < 0 {
		return CreatedToken{}, notFound("token")
	}
	return CreatedToken{TokenView: viewOfToken(&all[at]), Replayed: true}, nil
}

// outlive ends a new token with the one that makes it, and refuses one that is
// to live longer.
func (to reach) outlive(token *keys.Token) error {
	switch {
	case to.until.IsZero():
	case token.ExpiresAt.IsZero():
		token.ExpiresAt = to.until
	case token.ExpiresAt.After(to.until):
		return refuse(problem.NotPermitted, "expires_at", "A token can't make one that outlives it.")
	}
	return nil
}

func (m *Manager) draftToken(ask NewToken, maker, workspace string) (*keys.Token, keys.Secret, error) {
	name := strings.Trim(ask.Name, " ")
	if err := m.checkName(tokenName, name); err != nil {
		return nil, keys.Secret{}, err
	}
	now := m.now()
	end, err := expiry(ask.ExpiresAt, ask.ExpiresIn, now)
	if err != nil {
		return nil, keys.Secret{}, err
	}
	secret := keys.MintToken()
	digest, pepper := m.hasher.New(secret)
	return &keys.Token{
		ID: keys.NewTokenID(), Digest: digest, Pepper: pepper, Name: name, Hint: keys.TokenHint(secret),
		Workspace: workspace, CreatedBy: maker, CreatedAt: now, ExpiresAt: end,
	}, secret, nil
}

// ListTokens implements Service.
func (m *Manager) ListTokens(ctx context.Context, call Call, query TokenQuery) (Page[TokenView], error) {
	d, err := m.tokenPlace(ctx, call, "token.list", query.AllWorkspaces)
	if err != nil {
		return Page[TokenView]{}, err
	}
	var out Page[TokenView]
	err = m.look(ctx, d, "list tokens", func(r storage.Reader, _ reach) error {
		if d.workspace != "" {
			if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
				return err
			}
		}
		tokens, err := r.Tokens(ctx, d.workspace)
		out = page(make([]TokenView, 0, len(tokens)))
		for i := range tokens {
			out.Data = append(out.Data, viewOfToken(&tokens[i]))
		}
		return err
	})
	return out, err
}

// DeleteToken implements Service. Operators and commands find the operators'
// tokens too, whichever workspace the call is about.
func (m *Manager) DeleteToken(ctx context.Context, call Call, id string) error {
	d, err := m.govern(ctx, call, "token.delete")
	if err != nil {
		return err
	}
	if !isWord(id, maxIDChars) {
		return notFound("token")
	}
	return m.act(ctx, d, "delete token", func(tx storage.Tx, _ reach) error {
		home := d.workspace
		err := tx.DeleteToken(ctx, home, id)
		if errors.Is(err, storage.ErrNotFound) && call.Actor.operates() {
			home = ""
			err = tx.DeleteToken(ctx, home, id)
		}
		if err != nil {
			return found("token", err)
		}
		entry := m.entry(call, home, d.action)
		entry.Target = id
		return tx.AppendAudit(ctx, entry)
	})
}

// tokenPlace lets a call in that is about a workspace's tokens, or about the
// operators', which are of none.
func (m *Manager) tokenPlace(ctx context.Context, call Call, action string, all bool) (deed, error) {
	if all {
		return m.operate(ctx, call, action)
	}
	return m.govern(ctx, call, action)
}

func viewOfToken(t *keys.Token) TokenView {
	return TokenView{
		ID: t.ID, Name: t.Name, Hint: t.Hint, Workspace: t.Workspace, AllWorkspaces: t.Workspace == "",
		CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.UTC(), ExpiresAt: orNull(t.ExpiresAt),
	}
}
