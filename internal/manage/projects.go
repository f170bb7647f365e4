package manage

import (
	"context"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

const (
	maxProjectChars = 100
	// otherProject is how usage names projects that aren't registered.
	otherProject = "(other)"
)

// NewProject asks for a project.
type NewProject struct {
	Name string `json:"name" doc:"1 to 100 characters, no spaces and no slashes." example:"apollo"`
}

// ProjectView is a project as everybody sees it.
type ProjectView struct {
	Name      string    `json:"name"`
	Workspace string    `json:"workspace"`
	CreatedAt time.Time `json:"created_at"`
	// Replayed: as of a CreatedKey.
	Replayed bool `json:"-"`
}

// Made says what a creation has made, and whether an earlier call had.
func (v ProjectView) Made() (name string, replayed bool) { return v.Name, v.Replayed }

// CreateProject implements Service.
func (m *Manager) CreateProject(ctx context.Context, call Call, ask NewProject) (ProjectView, error) {
	d, err := m.govern(ctx, call, "project.create")
	if err != nil {
		return ProjectView{}, err
	}
	if !isProjectName(ask.Name) {
		return ProjectView{}, invalid("name", "must be 1 to %d characters, without spaces, slashes and control characters", maxProjectChars)
	}
	if err := m.noSecret("name", ask.Name); err != nil {
		return ProjectView{}, err
	}
	p := storage.Project{Name: ask.Name, Workspace: d.workspace, CreatedAt: m.now()}
	out := viewOfProject(p)
	err = m.once(ctx, d, "create project", creating{
		ask:  ask,
		make: func(tx storage.Tx, _ reach) (string, error) { return p.Name, m.createProject(ctx, tx, d, p) },
		again: func(tx storage.Tx, _ reach, made string) error {
			p, err := tx.Project(ctx, d.workspace, made)
			out = viewOfProject(p)
			out.Replayed = true
			return found("project", err)
		},
	})
	if err != nil {
		return ProjectView{}, err
	}
	return out, nil
}

func (m *Manager) createProject(ctx context.Context, tx storage.Tx, d deed, p storage.Project) error {
	if _, err := workspaceExists(ctx, tx, p.Workspace); err != nil {
		return err
	}
	if err := tx.InsertProject(ctx, p); err != nil {
		return taken("project", err)
	}
	entry := m.entry(d.call, d.workspace, d.action)
	entry.Target = p.Name
	return tx.AppendAudit(ctx, entry)
}

// ListProjects implements Service.
func (m *Manager) ListProjects(ctx context.Context, call Call) (Page[ProjectView], error) {
	d, err := m.begin(ctx, call, "project.list", "")
	if err != nil {
		return Page[ProjectView]{}, err
	}
	var out Page[ProjectView]
	err = m.look(ctx, d, "list projects", func(r storage.Reader, to reach) error {
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		all, err := r.Projects(ctx, d.workspace)
		out = page[ProjectView](nil)
		for _, p := range all {
			if name := p.Name; to.narrow(&name) {
				out.Data = append(out.Data, viewOfProject(p))
			}
		}
		return err
	})
	return out, err
}

func viewOfProject(p storage.Project) ProjectView {
	return ProjectView{Name: p.Name, Workspace: p.Workspace, CreatedAt: p.CreatedAt.UTC()}
}

// isProjectName keeps a project to what can be one segment of a path.
func isProjectName(name string) bool {
	return isWord(name, maxProjectChars) && !strings.ContainsAny(name, `/\`) &&
		name != "." && name != ".." && name != otherProject
}

// DeleteProject implements Service.
func (m *Manager) DeleteProject(ctx context.Context, call Call, name string) error {
	d, err := m.govern(ctx, call, "project.delete")
	if err != nil {
		return err
	}
	if !isProjectName(name) {
		return notFound("project")
	}
	return m.act(ctx, d, "delete project", func(tx storage.Tx, _ reach) error {
		if _, err := workspaceExists(ctx, tx, d.workspace); err != nil {
			return err
		}
		if err := tx.DeleteProject(ctx, d.workspace, name); err != nil {
			return found("project", err)
		}
		used, err := tx.ProjectInUse(ctx, d.workspace, name, m.now())
		if err != nil {
			return err
		}
		if used {
			return refuse(problem.InUse, "", "Keys that are neither revoked nor expired belong to this project. End them first.")
		}
		entry := m.entry(call, d.workspace, d.action)
		entry.Target = name
		return tx.AppendAudit(ctx, entry)
	})
}
