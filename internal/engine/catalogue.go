package engine

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// catalogue is what many keys share, held once: workspaces with their plans,
// and projects. It is read anew when the log says that one of them changed.
type catalogue struct {
	store   storage.Store
	trusted func() bool // whether what is in memory may be believed now
	age     atomic.Pointer[age]
	now     atomic.Pointer[snapshot]
	reading chan struct{} // full while somebody reads
	// reachable is an error where the store need not be asked.
	reachable func() error
}

// age is the time in which one log was followed. Snapshots of another one are
// not good, whatever their revision.
type age struct {
	lowest atomic.Int64 // the revision that a good snapshot has at least
}

type snapshot struct {
	of       *age
	revision storage.Revision
	plans    map[string]string // by workspace
	projects map[string]*projectEntry
}

type projectEntry struct {
	label      usage.Label
	workspaces []string
}

// ProjectOf tells about the project that a request is for.
type ProjectOf struct {
	Label usage.Label
	// Elsewhere says that it is registered, but not in the key's workspace.
	Elsewhere bool
}

// ProjectOf looks a project up for a key of a workspace.
func (e *Engine) ProjectOf(ctx context.Context, workspace, project string) (ProjectOf, error) {
	s, err := e.catalogue.snapshot(ctx)
	if err != nil {
		return ProjectOf{}, err
	}
	known := s.projects[project]
	switch {
	case known == nil:
		return ProjectOf{Label: usage.OtherProject}, nil
	case slices.Contains(known.workspaces, workspace):
		return ProjectOf{Label: known.label}, nil
	}
	return ProjectOf{Label: usage.OtherProject, Elsewhere: true}, nil
}

// PlanOf returns the plan of a workspace; empty where it names none.
func (e *Engine) PlanOf(ctx context.Context, workspace string) (string, error) {
	s, err := e.catalogue.snapshot(ctx)
	if err != nil {
		return "", err
	}
	return s.plans[workspace], nil
}

func (c *catalogue) snapshot(ctx context.Context) (*snapshot, error) {
	if s := c.now.Load(); c.good(s) {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	defer cancel()
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: others read workspaces and projects: %w", ErrUnavailable, ctx.Err())
	}
	if s := c.now.Load(); c.good(s) {
		return s, nil
	}
	if err := c.reachable(); err != nil {
		return nil, err
	}
	of := c.age.Load() // before the read, so that a reset during it shows
	read, err := c.store.Catalogue(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: read workspaces and projects: %w", ErrUnavailable, err)
	}
	s := newSnapshot(read)
	s.of = of
	c.now.Store(s)
	return s, nil
}

func (c *catalogue) good(s *snapshot) bool {
	return s != nil && s.of == c.age.Load() && int64(s.revision) >= s.of.lowest.Load() && c.trusted()
}

func newSnapshot(read storage.Catalogue) *snapshot {
	s := &snapshot{revision: read.Revision, plans: map[string]string{}, projects: map[string]*projectEntry{}}
	for _, w := range read.Workspaces {
		s.plans[w.Name] = w.Plan
	}
	for _, p := range read.Projects {
		if s.projects[p.Name] == nil {
			s.projects[p.Name] = &projectEntry{label: usage.NewLabel(p.Name)}
		}
		s.projects[p.Name].workspaces = append(s.projects[p.Name].workspaces, p.Workspace)
	}
	return s
}

func (c *catalogue) fence(changes []storage.Change) {
	lowest := &c.age.Load().lowest
	for _, change := range changes {
		if change.Subject != storage.SubjectWorkspace && change.Subject != storage.SubjectProject {
			continue
		}
		for old := lowest.Load(); old < int64(change.Revision); old = lowest.Load() {
			if lowest.CompareAndSwap(old, int64(change.Revision)) {
				break
			}
		}
	}
}

// lower takes back what was fenced above a revision: nothing was committed
// there. Nobody fences meanwhile.
func (c *catalogue) lower(to storage.Revision) {
	lowest := &c.age.Load().lowest
	lowest.Store(min(lowest.Load(), int64(to)))
}

func (c *catalogue) reset() { c.age.Store(&age{}) }
