package sqlcore

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Catalogue is storage.Store's, on a snapshot whose revision is known.
func Catalogue(ctx context.Context, q *Session, revision storage.Revision) (storage.Catalogue, error) {
	all := storage.Catalogue{Revision: revision}
	var err error
	if all.Workspaces, err = workspaces(ctx, q); err != nil {
		return storage.Catalogue{}, err
	}
	all.Projects, err = Collect(ctx, q, `SELECT name, workspace, created_at FROM projects ORDER BY name`, nil, scanProject)
	return all, err
}

// Workspace implements storage.Reader.
func (r *Reader) Workspace(ctx context.Context, name string) (storage.Workspace, error) {
	w, err := scanWorkspace(func(dest ...any) error {
		return r.Row(ctx, `SELECT name, plan, created_at FROM workspaces WHERE name = ?`, []any{name}, dest...)
	})
	if err != nil {
		return storage.Workspace{}, fmt.Errorf("read workspace %s: %w", name, err)
	}
	return w, nil
}

// Workspaces implements storage.Reader.
func (r *Reader) Workspaces(ctx context.Context) ([]storage.Workspace, error) {
	all, err := workspaces(ctx, r.Session)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return all, nil
}

func workspaces(ctx context.Context, q *Session) ([]storage.Workspace, error) {
	return Collect(ctx, q, `SELECT name, plan, created_at FROM workspaces ORDER BY name`, nil, scanWorkspace)
}

// Project implements storage.Reader.
func (r *Reader) Project(ctx context.Context, workspace, name string) (storage.Project, error) {
	p, err := scanProject(func(dest ...any) error {
		return r.Row(ctx, `SELECT name, workspace, created_at FROM projects WHERE workspace = ? AND name = ?`,
			[]any{workspace, name}, dest...)
	})
	if err != nil {
		return storage.Project{}, fmt.Errorf("read project %s: %w", name, err)
	}
	return p, nil
}

// Projects implements storage.Reader.
func (r *Reader) Projects(ctx context.Context, workspace string) ([]storage.Project, error) {
	all, err := Collect(ctx, r.Session, `SELECT name, workspace, created_at FROM projects WHERE workspace = ? ORDER BY name`,
		[]any{workspace}, scanProject)
	if err != nil {
		return nil, fmt.Errorf("list the projects of %s: %w", workspace, err)
	}
	return all, nil
}

// InsertWorkspace implements storage.Tx.
func (t *Transaction) InsertWorkspace(ctx context.Context, w storage.Workspace) error {
	err := t.insert(ctx, "workspaces", "name, plan, created_at", w.Name, w.Plan, Micros(w.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert workspace %s: %w", w.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectWorkspace, Name: w.Name})
	return nil
}

// UpdateWorkspace implements storage.Tx.
func (t *Transaction) UpdateWorkspace(ctx context.Context, w storage.Workspace) error {
	var name string
	err := t.Row(ctx, `UPDATE workspaces SET plan = ? WHERE name = ? RETURNING name`, []any{w.Plan, w.Name}, &name)
	if err != nil {
		return fmt.Errorf("update workspace %s: %w", w.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectWorkspace, Name: name})
	return nil
}

// ProjectInUse implements storage.Reader.
func (r *Reader) ProjectInUse(ctx context.Context, workspace, name string, now time.Time) (bool, error) {
	var used bool
	err := r.Row(ctx, projectInUse, []any{workspace, name, Micros(now)}, &used)
	if err != nil {
		return false, fmt.Errorf("look for keys of project %s: %w", name, err)
	}
	return used, nil
}

// projectInUse repeats the condition of the index that it is to be answered by.
const projectInUse = `SELECT EXISTS (SELECT 1 FROM keys WHERE workspace = ?1 AND project = ?2 AND project <> ''
	AND status <> 'revoked' AND (expires_at IS NULL OR expires_at > ?3))`

// InsertProject implements storage.Tx.
func (t *Transaction) InsertProject(ctx context.Context, p storage.Project) error {
	err := t.insert(ctx, "projects", "name, workspace, created_at", p.Name, p.Workspace, Micros(p.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert project %s: %w", p.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectProject, Name: p.Name})
	return nil
}

// DeleteProject implements storage.Tx.
func (t *Transaction) DeleteProject(ctx context.Context, workspace, name string) error {
	var deleted string
	err := t.Row(ctx, `DELETE FROM projects WHERE workspace = ? AND name = ? RETURNING name`, []any{workspace, name}, &deleted)
	if err != nil {
		return fmt.Errorf("delete project %s: %w", name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectProject, Name: deleted})
	return nil
}

func scanWorkspace(row Scan) (storage.Workspace, error) {
	var w storage.Workspace
	var created int64
	err := row(&w.Name, &w.Plan, &created)
	w.CreatedAt = FromMicros(created)
	return w, err
}

func scanProject(row Scan) (storage.Project, error) {
	var p storage.Project
	var created int64
	err := row(&p.Name, &p.Workspace, &created)
	p.CreatedAt = FromMicros(created)
	return p, err
}
