package manage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Config is what a Manager works with.
type Config struct {
	Store     storage.Store
	Format    *keys.Format
	Hasher    keys.Hasher
	Catalogue Catalogue
	// RequireProject asks for a project on every new key.
	RequireProject bool
	// NameOptional lets a key's name be left out; it is then "Key N".
	NameOptional bool
	// Reversible lets revoked keys be reactivated.
	Reversible bool
	// RotationGrace is how long a key goes on working beside its replacement,
	// at most and unless stated. 0: 24 hours.
	RotationGrace time.Duration
	// Now is the time, with a monotonic reading where there is one.
	Now func() time.Time
	// CatchUp, where this process is a node itself, has it enforce what was
	// committed and tell the store so. nil: it is none, as commands are.
	CatchUp func(context.Context)
	// Closing, where stated, is closed once the server that takes the calls is to
	// end: no call is kept waiting any longer.
	Closing <-chan struct{}
	// Log learns what a caller isn't told; nil: nobody does.
	Log *slog.Logger
	// Decide says what a gate of this process would to a request with a key, of
	// which nothing but the keys of one workspace may be told. nil: there are no
	// gates here, as for commands.
	Decide func(ctx context.Context, workspace string, ask Verification) (Verified, error)
	// Gates lists the gates of the configuration; nil: there are none.
	Gates func() []GateView
	// Explain is the same for how a gate comes to what it decides.
	// A refusal of before takes the place of the question; what is told of it is
	// Recorded, too.
	Explain func(ctx context.Context, workspace string, ask Question, then *storage.Denial) (Explained, error)
	// Bounds says what the configuration holds a key to. nil: nobody knows here.
	Bounds func(ctx context.Context, of BoundsOf) Bounds
}

// The grace of a rotation where the configuration says nothing, and the most
// that it may say: beyond, a key that was replaced had better not end at all.
const (
	DefaultRotationGrace = day
	MaxRotationGrace     = 365 * day
)

// Catalogue is what the configuration lists by name.
type Catalogue struct {
	// Scopes maps names to descriptions. Empty: any text without spaces is a
	// scope.
	Scopes map[string]string
	// Aliases are old names of scopes that gates still take.
	Aliases keys.Aliases
	Plans   map[string]Plan
	// DefaultPlan is the plan of workspaces that name none. Empty: no plan.
	DefaultPlan string
}

// Plan is what a plan bounds on the side of administration.
type Plan struct {
	MaxKeys int // 0: no bound
}

// Manager is the Service on a store.
type Manager struct {
	store          storage.Store
	format         *keys.Format
	hasher         keys.Hasher
	finder         *storage.Finder
	catalogue      Catalogue
	requireProject bool
	nameOptional   bool
	reversible     bool
	rotationGrace  time.Duration
	clock          func() time.Time
	catchUp        func(context.Context)
	decide         func(ctx context.Context, workspace string, ask Verification) (Verified, error)
	gates          func() []GateView
	explain        func(ctx context.Context, workspace string, ask Question, then *storage.Denial) (Explained, error)
	bounds         func(ctx context.Context, of BoundsOf) Bounds
	closing        <-chan struct{} // nil: never
	waiting        chan struct{}   // holds one token for each call that waits
	log            *slog.Logger
	refusedReads   refusedReads
}

var _ Service = (*Manager)(nil)

// New checks the configuration; it doesn't touch the store.
func New(c Config) (*Manager, error) {
	switch {
	case c.Store == nil, c.Format == nil, c.Now == nil:
		return nil, errors.New("manage: a store, a key format and a clock are needed")
	case c.RotationGrace < 0 || c.RotationGrace > MaxRotationGrace:
		return nil, fmt.Errorf("manage: the rotation grace is %v, and must be 0 to %v", c.RotationGrace, MaxRotationGrace)
	case c.Catalogue.DefaultPlan != "" && !has(c.Catalogue.Plans, c.Catalogue.DefaultPlan):
		return nil, fmt.Errorf("manage: the default plan %q is not among the plans", c.Catalogue.DefaultPlan)
	}
	catchUp := c.CatchUp
	if catchUp == nil {
		catchUp = func(context.Context) {}
	}
	decide := c.Decide
	if decide == nil {
		decide = withoutGates
	}
	gates := c.Gates
	if gates == nil {
		gates = func() []GateView { return nil }
	}
	explain := c.Explain
	if explain == nil {
		explain = explainWithoutGates
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Manager{
		store: c.Store, format: c.Format, hasher: c.Hasher, finder: storage.NewFinder(c.Store, c.Hasher), catalogue: c.Catalogue,
		requireProject: c.RequireProject, nameOptional: c.NameOptional, reversible: c.Reversible,
		rotationGrace: cmp.Or(c.RotationGrace, DefaultRotationGrace), clock: c.Now, catchUp: catchUp, decide: decide, explain: explain, gates: gates,
		bounds:  c.Bounds,
		closing: c.Closing, waiting: make(chan struct{}, mostWaiting), log: log,
	}, nil
}

// now is the time as a store keeps it, so that what is answered and what is
// read back later are the same.
func (m *Manager) now() time.Time { return m.clock().UTC().Truncate(time.Microsecond) }

// view runs fn on a snapshot. doing names the attempt where the store fails.
func (m *Manager) view(ctx context.Context, doing string, fn func(storage.Reader) error) error {
	return attempt(doing, m.store.View(ctx, fn))
}

// glance is view for one question.
func (m *Manager) glance(ctx context.Context, doing string, fn func(storage.Reader) error) error {
	return attempt(doing, m.store.Glance(ctx, fn))
}

// updateTimeout bounds one change, the wait for others included.
const updateTimeout = 10 * time.Second

// update runs fn in a transaction; a store may run it again, so fn sets what
// it answers and never adds to it.
func (m *Manager) update(ctx context.Context, doing string, fn func(storage.Tx) error) error {
	_, err := m.commit(ctx, doing, fn)
	return err
}

// commit is update that also returns the revision of the change.
func (m *Manager) commit(ctx context.Context, doing string, fn func(storage.Tx) error) (storage.Revision, error) {
	return m.commitWithin(ctx, updateTimeout, doing, fn)
}

func (m *Manager) commitWithin(ctx context.Context, timeout time.Duration, doing string, fn func(storage.Tx) error) (storage.Revision, error) {
	// A change that has begun is seen through: who asked may be gone by then,
	// but not between the last word and the commit.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	revision, err := m.store.Update(ctx, fn)
	return revision, attempt(doing, err)
}

// attempt leaves refusals as they are, and says of other errors what was being
// attempted.
func attempt(doing string, err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	if of, ok := errors.AsType[*storage.MovingError](err); ok {
		return moving(of)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// found turns the store's ErrNotFound into the answer that there is no such
// thing.
func found(what string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return notFound(what)
	}
	return err
}

func has[V any](m map[string]V, name string) bool {
	_, there := m[name]
	return there
}
