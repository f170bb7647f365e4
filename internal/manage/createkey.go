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
	const action = "key.create"
	workspace, err := m.enter(ctx, call, action)
	if err != nil {
		return CreatedKey{}, err
	}
	key, err := m.draft(ask, call.Actor.Name, workspace)
	if err != nil {
		return CreatedKey{}, err
	}
	secret := m.format.Mint(key.Environment)
	key.Digest, key.Pepper = m.hasher.New(secret)
	key.Hint = m.format.Hint(secret)
	named := key.Name != ""
	err = m.update(ctx, "create key", func(tx storage.Tx) error {
		if err := m.admit(ctx, tx, key); err != nil {
			return err
		}
		if !named {
			if key.Name, err = nextName(ctx, tx, key); err != nil {
				return err
			}
		}
		if err := tx.InsertKey(ctx, key); err != nil {
			return err
		}
		entry := m.entry(call, workspace, action)
		entry.KeyID, entry.Changes = key.ID, changesOfNew(key)
		return tx.AppendAudit(ctx, entry)
	})
	if err != nil {
		return CreatedKey{}, err
	}
	return CreatedKey{KeyView: viewOf(key, storage.UsageTotal{}, key.CreatedAt), Secret: secret}, nil
}

// admit holds a new key against what the store knows. It runs in the
// transaction that inserts the key, so that creates at the same time can't
// pass a plan's limit together.
func (m *Manager) admit(ctx context.Context, tx storage.Tx, key *keys.Key) error {
	workspace, err := workspaceExists(ctx, tx, key.Workspace)
	if err != nil {
		return err
	}
	if err := m.projectKnown(ctx, tx, key); err != nil {
		return err
	}
	return m.roomFor(ctx, tx, workspace, key.CreatedAt)
}

func (m *Manager) projectKnown(ctx context.Context, r storage.Reader, key *keys.Key) error {
	if key.Project == "" {
		return nil
	}
	if !isProjectName(key.Project) {
		return unknownProject()
	}
	_, err := r.Project(ctx, key.Workspace, key.Project)
	if errors.Is(err, storage.ErrNotFound) {
		return unknownProject()
	}
	return err
}

func unknownProject() error {
	return invalid("project", "is none that is registered in this workspace")
}

// roomFor refuses one more key in a workspace that has as many as its plan
// allows.
func (m *Manager) roomFor(ctx context.Context, r storage.Reader, w storage.Workspace, now time.Time) error {
	most := m.mostKeys(w)
	if most == 0 {
		return nil
	}
	n, err := r.CountKeys(ctx, w.Name, now)
	if err != nil {
		return err
	}
	if n >= most {
		return planFull(most)
	}
	return nil
}

// mostKeys is how many keys a workspace's plan allows; 0: any number. A plan
// that left the configuration counts as the default one.
func (m *Manager) mostKeys(w storage.Workspace) int {
	return m.catalogue.Plans[m.planOf(w)].MaxKeys
}

func planFull(most int) error {
	return refuse(problem.PlanLimitReached, "", fmt.Sprintf("The workspace has as many keys as its plan allows: %d.", most))
}

func (m *Manager) planOf(w storage.Workspace) string {
	if has(m.catalogue.Plans, w.Plan) {
		return w.Plan
	}
	return m.catalogue.DefaultPlan
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
