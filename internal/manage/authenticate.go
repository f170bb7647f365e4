package manage

import (
	"context"
	"errors"
	"net/netip"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/verdict"
)

// Authenticate says who presents a credential to the management API, from
// which address. A token or key that is malformed, unknown or not active is
// refused as one and the same; a key that may not manage keys, or not from
// there, is told so.
func (m *Manager) Authenticate(ctx context.Context, text, address string) (Actor, error) {
	actor, err := m.identify(ctx, text, address)
	if err != nil {
		return Actor{}, err
	}
	actor.Address = address
	return actor, nil
}

// identify looks a text up as what it looks like, and as nothing else.
func (m *Manager) identify(ctx context.Context, text, address string) (Actor, error) {
	if keys.CheckToken(text) {
		return m.authenticateToken(ctx, text)
	}
	if _, err := m.format.Check(text); err == nil {
		return m.authenticateKey(ctx, text, address)
	}
	return Actor{}, invalidToken()
}

func (m *Manager) authenticateToken(ctx context.Context, text string) (Actor, error) {
	var actor Actor
	err := m.glance(ctx, "find token", func(r storage.Reader) error {
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

func (m *Manager) authenticateKey(ctx context.Context, text, address string) (Actor, error) {
	got, _, err := m.finder.Find(ctx, text)
	if err != nil {
		return Actor{}, attempt("find key", err)
	}
	if got.Key == nil {
		return Actor{}, invalidToken()
	}
	key := got.Key
	actor := Actor{Kind: ActorKey, ID: string(key.ID), Name: key.Name, Workspace: key.Workspace, Project: key.Project}
	return actor, m.mayManage(key, address)
}

// mayManage lets a key manage others: one that is active, holds the scope, and
// may be used from the caller's address.
func (m *Manager) mayManage(key *keys.Key, address string) error {
	switch {
	case key.StatusAt(m.now()) != keys.Active:
		return invalidToken()
	case !m.catalogue.Aliases.Holds(key.Scopes, keys.ScopeManageKeys):
		return cantManage()
	case !goodFrom(key, address):
		return refuse(problem.IPNotAllowed, "", "")
	}
	return nil
}

// goodFrom holds an address against a key's as the gate does: one that can't
// be read is none of a list.
func goodFrom(key *keys.Key, address string) bool {
	nets, err := verdict.ParseNets(key.AllowedIPs)
	client, _ := netip.ParseAddr(address)
	return err == nil && verdict.Within(nets, client)
}

// cantManage is what an API key without the scope gets from the management
// API.
func cantManage() error {
	scope := []string{keys.ScopeManageKeys}
	return &Error{problem.Problem{
		Code:           problem.InsufficientScope,
		Message:        "The management API takes management tokens (kst_…), and API keys that hold " + keys.ScopeManageKeys + ".",
		RequiredScopes: scope, MissingScopes: scope,
	}}
}

func invalidToken() error { return refuse(problem.InvalidToken, "", "") }

// foundActor turns the absence of who acts into the answer that nobody may.
func foundActor(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return invalidToken()
	}
	return err
}
