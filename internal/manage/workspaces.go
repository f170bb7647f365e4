package manage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

const maxWorkspaceChars = 63

// NewWorkspace asks for a workspace.
type NewWorkspace struct {
	Name string `json:"name" doc:"1 to 63 letters, digits, dots, hyphens and underscores." example:"acme"`
	Plan string `json:"plan,omitempty" doc:"The default plan unless stated."`
}

// WorkspaceView is a workspace as everybody sees it.
type WorkspaceView struct {
	Name string `json:"name"`
	Plan string `json:"plan" doc:"Empty: none."`
	// PlanConfigured: the configuration lists the plan, if there is one.
	PlanConfigured bool      `json:"plan_configured" doc:"false: the configuration lists no such plan any more. The default plan's limits hold then; where there is none, calls are refused."`
	CreatedAt      time.Time `json:"created_at"`
	// Replayed: as of a CreatedKey.
	Replayed bool `json:"-"`
}

// Made says what a creation has made, and whether an earlier call had.
func (v WorkspaceView) Made() (name string, replayed bool) { return v.Name, v.Replayed }

// CreateWorkspace implements Service.
func (m *Manager) CreateWorkspace(ctx context.Context, call Call, ask NewWorkspace) (WorkspaceView, error) {
	d, err := m.operate(ctx, call, "workspace.create")
	if err != nil {
		return WorkspaceView{}, err
	}
	if !isWorkspaceName(ask.Name) {
		return WorkspaceView{}, invalid("name", "must be 1 to %d letters, digits, dots, hyphens and underscores, the first a letter or digit", maxWorkspaceChars)
	}
	if err := m.noSecret("name", ask.Name); err != nil {
		return WorkspaceView{}, err
	}
	if err := m.planKnown(ask.Plan); err != nil {
		return WorkspaceView{}, err
	}
	w := storage.Workspace{Name: ask.Name, Plan: ask.Plan, CreatedAt: m.now()}
	out := m.viewOfWorkspace(w)
	err = m.once(ctx, d, "create workspace", creating{
		ask:  ask,
		make: func(tx storage.Tx, _ reach) (string, error) { return w.Name, m.createWorkspace(ctx, tx, d, w) },
		again: func(tx storage.Tx, _ reach, made string) error {
			w, err := workspaceExists(ctx, tx, made)
			out = m.viewOfWorkspace(w)
			out.Replayed = true
			return err
		},
	})
	if err != nil {
		return WorkspaceView{}, err
	}
	return out, nil
}

func (m *Manager) createWorkspace(ctx context.Context, tx storage.Tx, d deed, w storage.Workspace) error {
	if err := tx.InsertWorkspace(ctx, w); err != nil {
		return taken("workspace", err)
	}
	entry := m.entry(d.call, w.Name, d.action)
	entry.Target = w.Name
	if w.Plan != "" {
		entry.Changes = map[string]storage.FieldChange{"plan": {To: w.Plan}}
	}
	return tx.AppendAudit(ctx, entry)
}

// WorkspaceEdit states what is to be changed of a workspace.
type WorkspaceEdit struct {
	Plan Field[string] `json:"plan,omitzero" doc:"A plan of the configuration; null or empty: the default one."`
}

// EditWorkspace implements Service.
func (m *Manager) EditWorkspace(ctx context.Context, call Call, name string, edit WorkspaceEdit) (WorkspaceView, error) {
	d, err := m.operate(ctx, call, "workspace.edit")
	if err != nil {
		return WorkspaceView{}, err
	}
	if !isWorkspaceName(name) {
		return WorkspaceView{}, notFound("workspace")
	}
	if err := m.planKnown(edit.Plan.Value); err != nil {
		return WorkspaceView{}, err
	}
	var out WorkspaceView
	err = m.act(ctx, d, "edit workspace", func(tx storage.Tx, _ reach) error {
		w, err := workspaceExists(ctx, tx, name)
		if err != nil {
			return err
		}
		out = m.viewOfWorkspace(w)
		if !edit.Plan.Set || edit.Plan.Value == w.Plan {
			return nil
		}
		entry := m.entry(call, name, d.action)
		entry.Target = name
		entry.Changes = map[string]storage.FieldChange{"plan": {From: textOrNil(w.Plan), To: textOrNil(edit.Plan.Value)}}
		w.Plan = edit.Plan.Value
		out = m.viewOfWorkspace(w)
		if err := tx.UpdateWorkspace(ctx, w); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, entry)
	})
	return out, err
}

// ListWorkspaces implements Service.
func (m *Manager) ListWorkspaces(ctx context.Context, call Call) (Page[WorkspaceView], error) {
	home, err := m.enter(ctx, call, "workspace.list")
	if err != nil {
		return Page[WorkspaceView]{}, err
	}
	var out Page[WorkspaceView]
	err = m.view(ctx, "list workspaces", func(r storage.Reader) error {
		all, err := r.Workspaces(ctx)
		out = page[WorkspaceView](nil)
		for _, w := range all {
			if call.Actor.operates() || w.Name == home {
				out.Data = append(out.Data, m.viewOfWorkspace(w))
			}
		}
		return err
	})
	return out, err
}

func (m *Manager) viewOfWorkspace(w storage.Workspace) WorkspaceView {
	v := WorkspaceView{Name: w.Name, Plan: cmp.Or(w.Plan, m.catalogue.DefaultPlan), CreatedAt: w.CreatedAt.UTC()}
	v.PlanConfigured = v.Plan == "" || has(m.catalogue.Plans, v.Plan)
	return v
}

// isWorkspaceName keeps workspaces to what can stand in a header, a file name
// and a command line without quotes.
func isWorkspaceName(name string) bool {
	if name == "" || len(name) > maxWorkspaceChars || !isAlphanumeric(name[0]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isAlphanumeric(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// taken turns the store's ErrExists into the answer that the name is taken.
func taken(what string, err error) error {
	if errors.Is(err, storage.ErrExists) {
		return refuse(problem.AlreadyExists, "name", "There is a "+what+" of that name already.")
	}
	return err
}
