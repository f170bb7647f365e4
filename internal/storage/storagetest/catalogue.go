package storagetest

import (
	"context"
	"strconv"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

var catalogueGuarantees = []guarantee{
	{"CatalogueHoldsEveryWorkspaceAndProject", wholeCatalogue},
	{"CatalogueRevisionIsThatOfItsSnapshot", catalogueSnapshot},
	{"ProjectNameIsOneWorkspaces", projectNames},
}

func wholeCatalogue(t *testing.T, f *fixture) {
	acme := storage.Workspace{Name: "acme", Plan: "pro", CreatedAt: noon}
	projects := []storage.Project{{Name: "p1", Workspace: "acme", CreatedAt: noon}, {Name: "p2", Workspace: "default", CreatedAt: noon}}
	revision := f.update(t, func(ctx context.Context, tx storage.Tx) error {
		must(t, tx.InsertProject(ctx, projects[1]))
		must(t, tx.InsertProject(ctx, projects[0]))
		return tx.InsertWorkspace(ctx, acme)
	})
	all, err := f.store.Catalogue(t.Context())
	must(t, err)
	wantEqual(t, "revision", all.Revision, revision)
	wantEqual(t, "projects", all.Projects, projects)
	wantEqual(t, "workspaces", len(all.Workspaces), 2)
	wantEqual(t, "workspace", all.Workspaces[0], acme)

	got := read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.Workspace, error) {
		return r.Workspace(ctx, "acme")
	})
	wantEqual(t, "workspace", got, acme)
	listed := read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.Workspace, error) { return r.Workspaces(ctx) })
	wantEqual(t, "listed", listed, all.Workspaces)
}

// catalogueSnapshot adds one workspace with each revision, while others read.
func catalogueSnapshot(t *testing.T, f *fixture) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 50 {
			_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
				return tx.InsertWorkspace(t.Context(), storage.Workspace{Name: strconv.Itoa(i), CreatedAt: noon})
			})
			if err != nil {
				t.Error(err)
			}
		}
	}()
	for running(done) {
		all, err := f.store.Catalogue(t.Context())
		if err != nil || len(all.Workspaces) != int(all.Revision)+1 {
			t.Errorf("got %d workspaces at revision %d (%v)", len(all.Workspaces), all.Revision, err)
			break
		}
	}
	<-done
}

func projectNames(t *testing.T, f *fixture) {
	one := storage.Project{Name: "p1", Workspace: "acme", CreatedAt: noon}
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.InsertProject(ctx, one) })
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		return tx.InsertProject(t.Context(), storage.Project{Name: "p1", Workspace: "other", CreatedAt: noon})
	})
	wantErr(t, "the same name elsewhere", err, storage.ErrExists)
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		got, err := r.Project(t.Context(), "acme", "p1")
		must(t, err)
		wantEqual(t, "project", got, one)
		_, err = r.Project(t.Context(), "other", "p1")
		wantErr(t, "elsewhere", err, storage.ErrNotFound)
		for workspace, want := range map[string]int{"acme": 1, "other": 0, "": 0} {
			all, err := r.Projects(t.Context(), workspace)
			must(t, err)
			wantEqual(t, "projects of "+workspace, len(all), want)
		}
		return nil
	}))
}
