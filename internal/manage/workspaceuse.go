package manage

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// WorkspaceUse is a workspace with how much of its plan is used.
type WorkspaceUse struct {
	WorkspaceView
	Keys    int  // that count: neither revoked nor expired, a replacement with what it replaces once
	MaxKeys *int // nil: no bound
	// Hidden: how many keys there are isn't for a project's key to know.
	Hidden bool
}

// ShowWorkspace returns the call's workspace.
func (m *Manager) ShowWorkspace(ctx context.Context, call Call) (WorkspaceUse, error) {
	d, err := m.begin(ctx, call, "workspace.show", "")
	if err != nil {
		return WorkspaceUse{}, err
	}
	var out WorkspaceUse
	err = m.look(ctx, d, "show workspace", func(r storage.Reader, to reach) error {
		w, err := workspaceExists(ctx, r, d.workspace)
		if err != nil {
			return err
		}
		out = WorkspaceUse{WorkspaceView: m.viewOfWorkspace(w)}
		if !to.sees("") {
			out.Hidden = true
			return nil
		}
		if most, err := m.mostKeys(w); err == nil && most > 0 { // an unknown plan has no figure
			out.MaxKeys = &most
		}
		out.Keys, err = r.CountKeys(ctx, d.workspace, m.now())
		return err
	})
	return out, err
}

// WorkspaceUsageQuery selects what was counted for all keys of a workspace.
type WorkspaceUsageQuery struct {
	Project string        // that keys belong to; empty: all
	Since   time.Duration // how long ago; the hour counts as a whole
	Top     int           // how many endpoints, projects and keys
}

// WorkspaceUsage is what the keys of a workspace were used for.
type WorkspaceUsage struct {
	From      time.Time // the first hour
	Calls     int64     // allowed
	Denied    int64
	Hours     []UsageRow // in their order; hours without a call are left out
	Endpoints []UsageRow
	Projects  []UsageRow
	Outcomes  []UsageRow
	Keys      []KeyUse
}

// KeyUse is one key's part of it.
type KeyUse struct {
	ID     keys.ID
	Name   string // empty: it was deleted
	Hint   string
	Calls  int64
	Denied int64
}

// UsageOfWorkspace adds up what the keys of a workspace were used for, deleted
// ones included. It reads every hour of every key, so whoever asks bounds the
// time.
func (m *Manager) UsageOfWorkspace(ctx context.Context, call Call, query WorkspaceUsageQuery) (WorkspaceUsage, error) {
	d, err := m.begin(ctx, call, "workspace.usage", "")
	if err != nil {
		return WorkspaceUsage{}, err
	}
	if err := searchText.check("project", query.Project); err != nil {
		return WorkspaceUsage{}, err
	}
	from := m.now().Add(-query.Since).Truncate(time.Hour)
	var out WorkspaceUsage
	err = m.look(ctx, d, "add up usage", func(r storage.Reader, to reach) error {
		out = WorkspaceUsage{From: from}
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		of := storage.UsageSumOf{Workspace: d.workspace, Project: query.Project, From: from}
		if !to.narrow(&of.Project) {
			return nil
		}
		return out.sum(ctx, r, of, query.Top)
	})
	return out, err
}

// sum fills in the sums.
func (u *WorkspaceUsage) sum(ctx context.Context, r storage.Reader, of storage.UsageSumOf, top int) error {
	for _, part := range []struct {
		by   storage.UsageBy
		top  int
		into *[]UsageRow
	}{
		{storage.UsageByHour, 0, &u.Hours},
		{storage.UsageByEndpoint, top, &u.Endpoints},
		{storage.UsageByProject, top, &u.Projects},
		{storage.UsageByOutcome, 0, &u.Outcomes},
	} {
		of.By, of.Limit = part.by, part.top
		sums, err := r.UsageSums(ctx, of)
		if err != nil {
			return err
		}
		for i := range sums {
			*part.into = append(*part.into, rowOfSum(part.by, &sums[i]))
		}
	}
	for i := range u.Hours {
		u.Calls, u.Denied = u.Calls+u.Hours[i].Calls, u.Denied+u.Hours[i].Denied
	}
	of.By, of.Limit = storage.UsageByKey, top
	sums, err := r.UsageSums(ctx, of)
	if err != nil {
		return err
	}
	for i := range sums {
		use := KeyUse{ID: keys.ID(sums[i].Name), Calls: sums[i].Calls, Denied: sums[i].Denied}
		if err := use.name(ctx, r); err != nil {
			return err
		}
		u.Keys = append(u.Keys, use)
	}
	return nil
}

func rowOfSum(by storage.UsageBy, s *storage.UsageSum) UsageRow {
	row := UsageRow{Calls: s.Calls, Denied: s.Denied}
	switch by {
	case storage.UsageByHour:
		row.Time = orNull(s.Hour)
	case storage.UsageByEndpoint:
		row.Endpoint = &s.Name
	case storage.UsageByProject:
		row.Project = &s.Name
	case storage.UsageByOutcome, storage.UsageByKey:
		row.Outcome = &s.Name
	}
	return row
}

// name fills in what a key is called, as far as it can be read.
func (u *KeyUse) name(ctx context.Context, r storage.Reader) error {
	key, err := r.Key(ctx, u.ID)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrDamaged) {
		return nil
	}
	if err == nil {
		u.Name, u.Hint = key.Name, key.Hint
	}
	return err
}
