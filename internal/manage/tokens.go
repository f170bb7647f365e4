package manage

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
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
	const action = "token.create"
	workspace, err := m.tokenWorkspace(ctx, call, action, ask.AllWorkspaces)
	if err != nil {
		return CreatedToken{}, err
	}
	token, secret, err := m.draftToken(ask, call.Actor.Name, workspace)
	if err != nil {
		return CreatedToken{}, err
	}
	err = m.update(ctx, "create token", func(tx storage.Tx) error {
		if workspace != "" {
			if _, err := workspaceExists(ctx, tx, workspace); err != nil {
				return err
			}
		}
		if err := tx.InsertToken(ctx, token); err != nil {
			return err
		}
		entry := m.entry(call, workspace, action)
		entry.Target, entry.Changes = token.ID, map[string]storage.FieldChange{"name": {To: token.Name}}
		return tx.AppendAudit(ctx, entry)
	})
	if err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{TokenView: viewOfToken(token), Secret: secret}, nil
}

func (m *Manager) draftToken(ask NewToken, maker, workspace string) (*keys.Token, keys.Secret, error) {
	name := strings.Trim(ask.Name, " ")
	if err := tokenName.check("name", name); err != nil {
		return nil, keys.Secret{}, err
	}
	now := m.now()
	end, err := expiry(ask.ExpiresAt, ask.ExpiresIn, now)
	if err != nil {
		return nil, keys.Secret{}, err
	}
	secret := keys.MintToken()
	return &keys.Token{
		ID: keys.NewTokenID(), Digest: m.hasher.New(secret), Name: name, Hint: keys.TokenHint(secret),
		Workspace: workspace, CreatedBy: maker, CreatedAt: now, ExpiresAt: end,
	}, secret, nil
}

// ListTokens implements Service.
func (m *Manager) ListTokens(ctx context.Context, call Call, query TokenQuery) (Page[TokenView], error) {
	workspace, err := m.tokenWorkspace(ctx, call, "token.list", query.AllWorkspaces)
	if err != nil {
		return Page[TokenView]{}, err
	}
	var out Page[TokenView]
	err = m.view(ctx, "list tokens", func(r storage.Reader) error {
		if workspace != "" {
			if _, err := workspaceExists(ctx, r, workspace); err != nil {
				return err
			}
		}
		tokens, err := r.Tokens(ctx, workspace)
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
	const action = "token.delete"
	workspace, err := m.govern(ctx, call, action)
	if err != nil {
		return err
	}
	if !isWord(id, maxIDChars) {
		return notFound("token")
	}
	return m.update(ctx, "delete token", func(tx storage.Tx) error {
		home := workspace
		err := tx.DeleteToken(ctx, home, id)
		if errors.Is(err, storage.ErrNotFound) && call.Actor.operates() {
			home = ""
			err = tx.DeleteToken(ctx, home, id)
		}
		if err != nil {
			return found("token", err)
		}
		entry := m.entry(call, home, action)
		entry.Target = id
		return tx.AppendAudit(ctx, entry)
	})
}

// tokenWorkspace is the workspace of the tokens that a call is about; empty
// for the operators'.
func (m *Manager) tokenWorkspace(ctx context.Context, call Call, action string, all bool) (string, error) {
	if all {
		return "", m.operate(ctx, call, action)
	}
	return m.govern(ctx, call, action)
}

func viewOfToken(t *keys.Token) TokenView {
	return TokenView{
		ID: t.ID, Name: t.Name, Hint: t.Hint, Workspace: t.Workspace, AllWorkspaces: t.Workspace == "",
		CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.UTC(), ExpiresAt: orNull(t.ExpiresAt),
	}
}
