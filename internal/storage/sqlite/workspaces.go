package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Catalogue implements storage.Store.
func (s *Store) Catalogue(ctx context.Context) (storage.Catalogue, error) {
	var all storage.Catalogue
	err := s.snapshot(ctx, func(q *session, head storage.Position) (err error) {
		all.Revision = head.Revision
		if all.Workspaces, err = workspaces(ctx, q); err != nil {
			return err
		}
		all.Projects, err = collect(ctx, q, `SELECT name, workspace, created_at FROM projects ORDER BY name`, nil, scanProject)
		return err
	})
	if err != nil {
		return storage.Catalogue{}, fmt.Errorf("read workspaces and projects: %w", err)
	}
	return all, nil
}

// Workspace implements storage.Reader.
func (r *reader) Workspace(ctx context.Context, name string) (storage.Workspace, error) {
	w, err := scanWorkspace(func(dest ...any) error {
		return r.row(ctx, `SELECT name, plan, created_at FROM workspaces WHERE name = ?`, []any{name}, dest...)
	})
	if err != nil {
		return storage.Workspace{}, fmt.Errorf("read workspace %s: %w", name, err)
	}
	return w, nil
}

// Workspaces implements storage.Reader.
func (r *reader) Workspaces(ctx context.Context) ([]storage.Workspace, error) {
	all, err := workspaces(ctx, r.session)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return all, nil
}

func workspaces(ctx context.Context, q *session) ([]storage.Workspace, error) {
	return collect(ctx, q, `SELECT name, plan, created_at FROM workspaces ORDER BY name`, nil, scanWorkspace)
}

// Project implements storage.Reader.
func (r *reader) Project(ctx context.Context, workspace, name string) (storage.Project, error) {
	p, err := scanProject(func(dest ...any) error {
		return r.row(ctx, `SELECT name, workspace, created_at FROM projects WHERE workspace = ? AND name = ?`,
			[]any{workspace, name}, dest...)
	})
	if err != nil {
		return storage.Project{}, fmt.Errorf("read project %s: %w", name, err)
	}
	return p, nil
}

// Projects implements storage.Reader.
func (r *reader) Projects(ctx context.Context, workspace string) ([]storage.Project, error) {
	all, err := collect(ctx, r.session, `SELECT name, workspace, created_at FROM projects WHERE workspace = ? ORDER BY name`,
		[]any{workspace}, scanProject)
	if err != nil {
		return nil, fmt.Errorf("list the projects of %s: %w", workspace, err)
	}
	return all, nil
}

// InsertWorkspace implements storage.Tx.
func (t *transaction) InsertWorkspace(ctx context.Context, w storage.Workspace) error {
	err := t.exec(ctx, `INSERT INTO workspaces (name, plan, created_at) VALUES (?, ?, ?)`, w.Name, w.Plan, micros(w.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert workspace %s: %w", w.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectWorkspace, Name: w.Name})
	return nil
}

// UpdateWorkspace implements storage.Tx.
func (t *transaction) UpdateWorkspace(ctx context.Context, w storage.Workspace) error {
	var name string
	err := t.row(ctx, `UPDATE workspaces SET plan = ? WHERE name = ? RETURNING name`, []any{w.Plan, w.Name}, &name)
	if err != nil {
		return fmt.Errorf("update workspace %s: %w", w.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectWorkspace, Name: name})
	return nil
}

// ProjectInUse implements storage.Reader.
func (r *reader) ProjectInUse(ctx context.Context, workspace, name string, now time.Time) (bool, error) {
	var used bool
	err := r.row(ctx, projectInUse, []any{workspace, name, micros(now)}, &used)
	if err != nil {
		return false, fmt.Errorf("look for keys of project %s: %w", name, err)
	}
	return used, nil
}

// projectInUse repeats the condition of the index that it is to be answered by.
const projectInUse = `SELECT EXISTS (SELECT 1 FROM keys WHERE workspace = ?1 AND project = ?2 AND project <> ''
	AND status <> 'revoked' AND (expires_at IS NULL OR expires_at > ?3))`

// InsertProject implements storage.Tx.
func (t *transaction) InsertProject(ctx context.Context, p storage.Project) error {
	err := t.exec(ctx, `INSERT INTO projects (name, workspace, created_at) VALUES (?, ?, ?)`, p.Name, p.Workspace, micros(p.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert project %s: %w", p.Name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectProject, Name: p.Name})
	return nil
}

// DeleteProject implements storage.Tx.
func (t *transaction) DeleteProject(ctx context.Context, workspace, name string) error {
	var deleted string
	err := t.row(ctx, `DELETE FROM projects WHERE workspace = ? AND name = ? RETURNING name`, []any{workspace, name}, &deleted)
	if err != nil {
		return fmt.Errorf("delete project %s: %w", name, err)
	}
	t.log(storage.Change{Subject: storage.SubjectProject, Name: deleted})
	return nil
}

func scanWorkspace(row scan) (storage.Workspace, error) {
	var w storage.Workspace
	var created int64
	err := row(&w.Name, &w.Plan, &created)
	w.CreatedAt = fromMicros(created)
	return w, err
}

func scanProject(row scan) (storage.Project, error) {
	var p storage.Project
	var created int64
	err := row(&p.Name, &p.Workspace, &created)
	p.CreatedAt = fromMicros(created)
	return p, err
}
