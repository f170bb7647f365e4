package manage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// CreateKey implements Service.
func (m *Manager) CreateKey(ctx context.Context, call Call, ask NewKey) (CreatedKey, error) {
	d, err := m.begin(ctx, call, "key.create", "")
	if err != nil {
		return CreatedKey{}, err
	}
	var out CreatedKey
	err = m.once(ctx, d, "create key", creating{
		ask: ask,
		make: func(tx storage.Tx, to reach) (_ string, err error) {
			out, err = m.createKey(ctx, tx, d, to, ask)
			return string(out.ID), err
		},
		again: func(tx storage.Tx, to reach, made string) (err error) {
			out, err = m.madeKey(ctx, tx, to, made)
			return err
		},
	})
	if err != nil {
		return CreatedKey{}, err
	}
	return out, nil
}

// madeKey is what the repeat of a call answers with: the key that it made, as
// it is now, without the secret.
func (m *Manager) madeKey(ctx context.Context, tx storage.Tx, to reach, id string) (CreatedKey, error) {
	key, err := to.find(ctx, tx, keys.ID(id))
	if err != nil {
		return CreatedKey{}, err
	}
	view, err := viewWithUse(ctx, tx, key, m.now())
	return CreatedKey{KeyView: view, Replayed: true}, err
}

func (m *Manager) createKey(ctx context.Context, tx storage.Tx, d deed, to reach, ask NewKey) (CreatedKey, error) {
	key, err := m.draft(to.inherit(ask), d.call.Actor.Name, d.workspace)
	if err != nil {
		return CreatedKey{}, err
	}
	to.bequeath(key)
	if err := to.grant(key); err != nil {
		return CreatedKey{}, err
	}
	if err := m.admit(ctx, tx, key); err != nil {
		return CreatedKey{}, err
	}
	if key.Name == "" {
		if key.Name, err = nextName(ctx, tx, key); err != nil {
			return CreatedKey{}, err
		}
	}
	secret := m.format.Mint(key.Environment)
	key.Digest, key.Pepper = m.hasher.New(secret)
	key.Hint = m.format.Hint(secret)
	if err := tx.InsertKey(ctx, key); err != nil {
		return CreatedKey{}, err
	}
	entry := m.entryOf(d.call, d.action, key)
	entry.Changes = changesOfNew(key)
	return CreatedKey{KeyView: taggedView(key, storage.UsageTotal{}, key.CreatedAt), Secret: secret}, tx.AppendAudit(ctx, entry)
}

// admit holds a new key against what the store knows. It runs in the
// transaction that inserts the key, so that creates at the same time can't
// pass a plan's limit together.
func (m *Manager) admit(ctx context.Context, tx storage.Tx, key *keys.Key) error {
	workspace, err := workspaceExists(ctx, tx, key.Workspace)
	if err != nil {
		return err
	}
	if err := cataloguesKnow(ctx, tx, key); err != nil {
		return err
	}
	return m.roomFor(ctx, tx, workspace, key.CreatedAt)
}

// cataloguesKnow refuses a key whose project or profile its workspace doesn't
// have.
func cataloguesKnow(ctx context.Context, r storage.Reader, key *keys.Key) error {
	if err := projectKnown(ctx, r, key); err != nil {
		return err
	}
	return profileKnown(ctx, r, key)
}

func projectKnown(ctx context.Context, r storage.Reader, key *keys.Key) error {
	if key.Project == "" {
		return nil
	}
	if !isProjectName(key.Project) {
		return unknownProject(key.Project)
	}
	_, err := r.Project(ctx, key.Workspace, key.Project)
	if errors.Is(err, storage.ErrNotFound) {
		return unknownProject(key.Project)
	}
	return err
}

func unknownProject(name string) error {
	return invalid("project", "must be registered in the workspace%s: keystile projects create, or POST /v1/projects, does that", unlike(name))
}

// roomFor refuses one more key in a workspace that has as many as its plan
// allows.
func (m *Manager) roomFor(ctx context.Context, r storage.Reader, w storage.Workspace, now time.Time) error {
	most, err := m.mostKeys(w)
	if err != nil || most == 0 {
		return err
	}
	n, err := r.CountKeys(ctx, w.Name, now)
	if err != nil {
		return err
	}
	if n >= most {
		return m.planFull(w, most)
	}
	return nil
}

// mostKeys is how many keys a workspace's plan allows; 0: any number. Where
// nobody knows that any more, it refuses one more.
func (m *Manager) mostKeys(w storage.Workspace) (int, error) {
	plan, known := m.planOf(w)
	if !known {
		return 0, refuse(problem.PlanLimitReached, "", "The plan of the workspace, "+w.Plan+", is none of the configuration, and there is no default one: give the workspace another plan first.")
	}
	return m.catalogue.Plans[plan].MaxKeys, nil
}

func (m *Manager) planFull(w storage.Workspace, most int) error {
	plan, _ := m.planOf(w)
	return refuse(problem.PlanLimitReached, "", fmt.Sprintf("The workspace has as many keys as its plan, %s, allows: %d. "+
		"Revoke or delete one, or have an operator change the plan: keystile workspaces edit %s --plan NAME.", plan, most, w.Name))
}

// planOf is the plan whose limits a workspace has; empty: none. A plan that left
// the configuration has limits that nobody knows: the default plan's hold in
// their place, and where there is none, known is false.
func (m *Manager) planOf(w storage.Workspace) (plan string, known bool) {
	if has(m.catalogue.Plans, w.Plan) {
		return w.Plan, true
	}
	plan = m.catalogue.DefaultPlan
	return plan, plan != "" || w.Plan == ""
}

const (
	namePrefix = "Key "
	nameWindow = 100 // newest keys that a new name looks at
)

// nextName is "Key N" with the first N above those that the workspace's newest
// keys bear.
func nextName(ctx context.Context, r storage.Reader, key *keys.Key) (string, error) {
	n, err := nextNumber(ctx, r, key)
	return namePrefix + strconv.Itoa(n), err
}

func nextNumber(ctx context.Context, r storage.Reader, key *keys.Key) (int, error) {
	rows, err := r.Keys(ctx, storage.KeyFilter{
		Workspace: key.Workspace, Query: namePrefix, Now: key.CreatedAt, Limit: nameWindow,
	})
	last := 0
	for i := range rows {
		digits, numbered := strings.CutPrefix(rows[i].Name, namePrefix)
		n, err := strconv.Atoi(digits)
		if numbered && err == nil && n < 1<<31 {
			last = max(last, n)
		}
	}
	return last + 1, err
}
