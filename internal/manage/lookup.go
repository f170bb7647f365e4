package manage

import (
	"context"
	"errors"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// SecretQuery asks whose a secret is.
type SecretQuery struct {
	Secret string `json:"secret" doc:"The whole secret of a key or of a management token. It is neither kept nor repeated."`
}

// SecretView is whose a secret is.
type SecretView struct {
	Kind      string `json:"kind" enum:"key,token,unknown"`
	Status    string `json:"status" enum:"active,inactive,revoked,expired,unknown" doc:"A token is active or expired."`
	ID        string `json:"id" doc:"Empty where it is unknown."`
	Name      string `json:"name"`
	Workspace string `json:"workspace" doc:"Empty for an operator's token."`
}

// Kinds of secrets.
const (
	KindKey     = "key"
	KindToken   = "token"
	KindUnknown = "unknown"
)

var unknownSecret = SecretView{Kind: KindUnknown, Status: KindUnknown}

// LookUpSecret implements Inspector. An API key may not ask.
func (m *Manager) LookUpSecret(ctx context.Context, call Call, ask SecretQuery) (SecretView, error) {
	d, err := m.govern(ctx, call, "secret.lookup")
	if err != nil {
		return unknownSecret, err
	}
	if ask.Secret == "" {
		return unknownSecret, invalid("secret", "must be a whole secret")
	}
	// Who may not ask any more learns nothing.
	err = m.look(ctx, d, "look up secret", func(r storage.Reader, _ reach) error {
		_, err := workspaceExists(ctx, r, d.workspace)
		return err
	})
	if err != nil {
		return unknownSecret, err
	}
	found, err := m.whose(ctx, ask.Secret)
	anywhere := call.Workspace == "" && call.Actor.operates()
	if err != nil || !anywhere && found.Workspace != d.workspace {
		return unknownSecret, err
	}
	return found, nil
}

// whose looks a secret up as what it looks like, and as nothing else.
func (m *Manager) whose(ctx context.Context, secret string) (SecretView, error) {
	if keys.CheckToken(secret) {
		return m.whoseToken(ctx, secret)
	}
	if !m.format.Fits(secret) {
		return unknownSecret, nil
	}
	got, _, err := m.finder.Find(ctx, secret)
	if err != nil || got.Key == nil {
		return unknownSecret, attempt("find key", err)
	}
	k := got.Key
	return SecretView{
		Kind: KindKey, Status: string(k.StatusAt(m.now())), ID: string(k.ID), Name: k.Name, Workspace: k.Workspace,
	}, nil
}

func (m *Manager) whoseToken(ctx context.Context, secret string) (SecretView, error) {
	found := unknownSecret
	err := m.glance(ctx, "find token", func(r storage.Reader) error {
		token, err := tokenOf(ctx, r, m.hasher.Candidates(secret))
		if refused, ok := errors.AsType[*Error](err); ok && refused.Problem.Code == problem.InvalidToken {
			return nil
		}
		if err != nil {
			return err
		}
		found = SecretView{Kind: KindToken, Status: string(keys.Active), ID: token.ID, Name: token.Name, Workspace: token.Workspace}
		if token.Expired(m.now()) {
			found.Status = string(keys.Expired)
		}
		return nil
	})
	return found, err
}
