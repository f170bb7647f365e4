package manage

import (
	"context"
	"errors"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// Authenticate says who presents a credential to the management API. A token
// that is malformed, unknown or expired is refused as one and the same; an API
// key is refused for being none.
func (m *Manager) Authenticate(ctx context.Context, text string) (Actor, error) {
	if keys.CheckToken(text) {
		return m.authenticateToken(ctx, text)
	}
	if _, err := m.format.Check(text); err == nil {
		return Actor{}, m.refuseKey(ctx, text)
	}
	return Actor{}, invalidToken()
}

func (m *Manager) authenticateToken(ctx context.Context, text string) (Actor, error) {
	var actor Actor
	err := m.view(ctx, "find token", func(r storage.Reader) error {
		token, err := tokenOf(ctx, r, m.hasher.Candidates(text))
		if err != nil {
			return err
		}
		if token.Expired(m.now()) {
			return invalidToken()
		}
		actor = actorOf(token)
		return nil
	})
	return actor, err
}

// tokenOf finds the token that is stored under one of digests.
func tokenOf(ctx context.Context, r storage.Reader, digests []keys.Digest) (*keys.Token, error) {
	for _, digest := range digests {
		token, err := r.TokenByDigest(ctx, digest)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		return token, err
	}
	return nil, invalidToken()
}

func actorOf(t *keys.Token) Actor {
	actor := Actor{Kind: ActorToken, ID: t.ID, Name: t.Name, Workspace: t.Workspace}
	if t.Workspace == "" {
		actor.Kind = ActorOperator
	}
	return actor
}

// refuseKey tells an API key that stands from a text that only looks like one.
func (m *Manager) refuseKey(ctx context.Context, text string) error {
	got, _, err := m.finder.Find(ctx, text)
	if err != nil {
		return attempt("find key", err)
	}
	if got.Key == nil || got.Key.StatusAt(m.now()) != keys.Active {
		return invalidToken()
	}
	return keyRefused(got.Key)
}

// keyRefused is what an API key gets from the management API.
func keyRefused(key *keys.Key) error {
	p := problem.Problem{
		Code:           problem.InsufficientScope,
		Message:        "The management API takes management tokens (kst_…), and this is an API key.",
		RequiredScopes: []string{keys.ScopeManageKeys},
	}
	if !key.Holds(keys.ScopeManageKeys) {
		p.MissingScopes = p.RequiredScopes
	}
	return &Error{p}
}

func invalidToken() error { return refuse(problem.InvalidToken, "", "") }
