package manage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// reach is what a call may touch, as the store has it in the very transaction
// of the call: keys of one workspace and, where an API key acts, of its
// project, and nothing that holds more than that key.
type reach struct {
	workspace string
	acting    *keys.Key // nil: no key acts, and there is no ceiling
	// until is when the token that acts ends; zero: it doesn't, or none acts.
	until   time.Time
	aliases keys.Aliases
}

// reach reads the key or token that acts, if one does, so that one that was
// ended or narrowed since it was let in gets no further.
func (m *Manager) reach(ctx context.Context, r storage.Reader, call Call, workspace string) (reach, error) {
	to := reach{workspace: workspace, aliases: m.catalogue.Aliases}
	var err error
	switch call.Actor.Kind {
	case ActorKey:
		err = m.reachByKey(ctx, r, call, &to)
	case ActorToken, ActorOperator:
		err = m.reachByToken(ctx, r, call, &to)
	case ActorCommand:
	}
	return to, err
}

func (m *Manager) reachByToken(ctx context.Context, r storage.Reader, call Call, to *reach) error {
	token, err := r.Token(ctx, call.Actor.ID)
	if err != nil {
		return foundActor(err)
	}
	if token.Expired(m.now()) || token.Workspace != call.Actor.Workspace {
		return invalidToken()
	}
	to.until = token.ExpiresAt
	return nil
}

func (m *Manager) reachByKey(ctx context.Context, r storage.Reader, call Call, to *reach) error {
	key, err := r.Key(ctx, keys.ID(call.Actor.ID))
	if err != nil {
		return foundActor(err)
	}
	if key.Workspace != to.workspace {
		return invalidToken()
	}
	to.acting = key
	return m.mayManage(key, call.Actor.Address)
}

// find returns a key that the call reaches. Any other is not found, with the
// same words whether it is there or not, or damaged.
func (to reach) find(ctx context.Context, r storage.Reader, id keys.ID) (*keys.Key, error) {
	key, err := keyIn(ctx, r, to.workspace, id)
	if errors.Is(err, storage.ErrDamaged) {
		if _, out := to.owner(ctx, r, id); out != nil {
			return nil, out
		}
	}
	if err != nil {
		return nil, err
	}
	if !to.sees(key.Project) {
		return nil, errNoKey
	}
	return key, nil
}

// owner says whose a key is, or was. It answers 404 where that never was within
// reach: what was counted for a key outlives it.
func (to reach) owner(ctx context.Context, r storage.Reader, id keys.ID) (storage.UsageOwner, error) {
	if _, err := workspaceExists(ctx, r, to.workspace); err != nil {
		return storage.UsageOwner{}, err
	}
	if !isWord(string(id), maxIDChars) {
		return storage.UsageOwner{}, errNoKey
	}
	owner, err := r.UsageOwner(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (owner.Workspace != to.workspace || !to.sees(owner.Project)) {
		return storage.UsageOwner{}, errNoKey
	}
	return owner, err
}

// sees reports whether what is of a project of the workspace, or of none, is
// within reach.
func (to reach) sees(project string) bool {
	return to.acting == nil || inProject(to.acting, project)
}

// narrow bounds a filter by project. False says that nothing can fit it.
func (to reach) narrow(project *string) bool {
	if to.acting != nil && *project == "" {
		*project = to.acting.Project
	}
	return to.sees(*project)
}

// change refuses to touch a key that holds more than the one that acts: what
// an edit, a rotation and a reactivation ask of the key as it is. Revoking and
// deleting don't: they give nobody anything.
func (to reach) change(key *keys.Key) error {
	if to.acting != nil && exceeds(to.acting, key, to.aliases) != "" {
		return tooStrong()
	}
	return nil
}

// grant refuses a key that would hold more than the one that acts: what every
// call asks of a key as it is about to be stored.
func (to reach) grant(key *keys.Key) error {
	if to.acting == nil {
		return nil
	}
	if field := exceeds(to.acting, key, to.aliases); field != "" {
		return tooMuch(field)
	}
	return nil
}

// inherit fills in what a new key has from its maker by being made: what
// other rules build on.
func (to reach) inherit(ask NewKey) NewKey {
	if to.acting == nil {
		return ask
	}
	if ask.Environment == "" {
		ask.Environment = to.acting.Environment
	}
	if ask.Project == "" {
		ask.Project = to.acting.Project
	}
	return ask
}

// bequeath fills in the rest, which other rules don't look at: it stood the
// test when the maker got it, and may be none of today's configuration.
func (to reach) bequeath(key *keys.Key) {
	if to.acting == nil {
		return
	}
	if key.ExpiresAt.IsZero() {
		key.ExpiresAt = to.acting.ExpiresAt
	}
	if len(key.AllowedIPs) == 0 {
		key.AllowedIPs = slices.Clone(to.acting.AllowedIPs)
	}
	if key.Plan == "" {
		key.Plan = to.acting.Plan
	}
}
