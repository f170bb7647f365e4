package manage

import (
	"context"
	"errors"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// explainDenial finds a refusal by its request's ID, and has it decided again.
func (m *Manager) explainDenial(ctx context.Context, call Call, d deed, ask Question) (Explained, error) {
	if (ask != Question{RequestID: ask.RequestID}) {
		return Explained{}, invalid("request_id", "says all of the request: nothing else can be stated beside it")
	}
	if !isWord(ask.RequestID, maxIDChars) {
		return Explained{}, errNoDenial
	}
	var then storage.Denial
	workspace := d.workspace
	err := m.look(ctx, d, "find a refusal", func(r storage.Reader, _ reach) (err error) {
		then, workspace, err = denialOf(ctx, r, ask.RequestID)
		return err
	})
	if err != nil {
		return Explained{}, err
	}
	if !call.Actor.operates() && workspace != d.workspace {
		return Explained{}, errNoDenial
	}
	return m.explain(ctx, workspace, Question{}, &then)
}

// denialOf also says of which workspace its key is; empty where no key is known.
func denialOf(ctx context.Context, r storage.Reader, requestID string) (then storage.Denial, workspace string, err error) {
	then, err = r.Denial(ctx, requestID)
	if errors.Is(err, storage.ErrNotFound) {
		return then, "", errNoDenial
	}
	if err != nil || then.KeyID == "" {
		return then, "", err
	}
	owner, err := r.UsageOwner(ctx, then.KeyID)
	if errors.Is(err, storage.ErrNotFound) {
		err = nil // nobody's but the operator's
	}
	return then, owner.Workspace, err
}

// errNoDenial says why a refusal may not be known.
var errNoDenial = refuse(problem.NotFound, "", "No refusal with this request_id is known here: it is of the last second, more than 30 days old, behind many others of its key or client (five of each are noted in a second), "+
	"or none of a gate on this store.")
