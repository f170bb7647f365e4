package usage_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown = errors.New("connection refused")
	errLost = errors.New("connection reset after the commit was sent")
)

// cellKey is what a store tells cells apart by.
type cellKey struct {
	id                         keys.ID
	hour                       time.Time
	endpoint, project, outcome string
	denied                     bool
}

// tables are what a store keeps.
type tables struct {
	applied map[string]int64 // latest sequence of each incarnation
	cells   map[cellKey]storage.UsageCell
}

func (d tables) clone() tables {
	return tables{maps.Clone(d.applied), maps.Clone(d.cells)}
}

// store keeps the contract of storage.Store.ApplyUsage, and fails on demand.
// It also sees to it that a batch which is sent again is what it was before.
type store struct {
	t *testing.T

	mu           sync.Mutex
	data         tables
	seen         map[string]map[int64][]storage.UsageCell
	transactions int
	calls        []storage.NotedCall
	denials      []storage.Denial
	// before and after, where set, may fail a transaction before anything is
	// written, and after everything was.
	before, after func(context.Context) error
}

func newStore(t *testing.T) *store {
	return &store{
		t:    t,
		data: tables{map[string]int64{}, map[cellKey]storage.UsageCell{}},
		seen: map[string]map[int64][]storage.UsageCell{},
	}
}

func (s *store) ApplyUsage(ctx context.Context, b storage.UsageBatch) error {
	if err := s.begin(ctx, b); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	switch last := s.data.applied[b.Incarnation]; {
	case b.Sequence <= last:
		return nil
	case b.Sequence != last+1:
		return storage.ErrOutOfOrder
	}
	s.data.applied[b.Incarnation] = b.Sequence
	s.calls, s.denials = append(s.calls, b.Calls...), append(s.denials, b.Denials...)
	for _, c := range b.Cells {
		s.add(c)
	}
	if s.after != nil {
		return s.after(ctx)
	}
	return nil
}

// begin waits and fails as the store was told to, without a lock.
func (s *store) begin(ctx context.Context, b storage.UsageBatch) error {
	s.mu.Lock()
	s.transactions++
	s.checkFrozen(b)
	before := s.before
	s.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx)
}

func (s *store) add(c storage.UsageCell) {
	key := cellKey{c.KeyID, c.Hour, c.Endpoint, c.Project, c.Outcome, c.Denied}
	if old, found := s.data.cells[key]; found {
		c.Count += old.Count
		c.Cost += old.Cost
		if old.Last.After(c.Last) {
			c.Last = old.Last
		}
	}
	s.data.cells[key] = c
}

func (s *store) checkFrozen(b storage.UsageBatch) {
	if s.seen[b.Incarnation] == nil {
		s.seen[b.Incarnation] = map[int64][]storage.UsageCell{}
	}
	before, again := s.seen[b.Incarnation][b.Sequence]
	if again && !slices.Equal(before, b.Cells) {
		s.t.Errorf("batch %d was changed before it was sent again:\n%s", b.Sequence, cmp.Diff(before, b.Cells))
	}
	s.seen[b.Incarnation][b.Sequence] = slices.Clone(b.Cells)
}

// fail makes the store fail from now on; nil heals it.
func (s *store) fail(before, after error) {
	fault := func(err error) func(context.Context) error {
		if err == nil {
			return nil
		}
		return func(context.Context) error { return err }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = fault(before), fault(after)
}

func (s *store) backup() tables {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.clone()
}

func (s *store) restore(backup tables) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = backup.clone()
}

// total is what storage.Reader.UsageTotals would say, and the denials.
type total struct {
	calls, denied, cost int64
	last                time.Time
}

func (s *store) total(id keys.ID) (sum total) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, c := range s.data.cells {
		switch {
		case key.id != id:
		case key.denied:
			sum.denied += c.Count
		default:
			sum.calls += c.Count
			sum.cost += c.Cost
			if c.Last.After(sum.last) {
				sum.last = c.Last
			}
		}
	}
	return sum
}

// wantCalls checks how many allowed calls of a key the store knows.
func (s *store) wantCalls(id keys.ID, want int64) {
	s.t.Helper()
	if got := s.total(id).calls; got != want {
		s.t.Errorf("the store counts %d calls of %s, want %d", got, id, want)
	}
}

func (s *store) wantTransactions(want int, when string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transactions != want {
		s.t.Errorf("%d transactions %s, want %d", s.transactions, when, want)
	}
}

// bench is a recorder with a flusher that nobody started.
type bench struct {
	*usage.Recorder
	*usage.Flusher
	store *store
	cfg   usage.FlusherConfig
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const flushTimeout = 2 * time.Second

func setup(t *testing.T) *bench {
	return setupOn(newStore(t), t.TempDir())
}

// setupOn is a process that starts on a store and a spool which are there.
func setupOn(s *store, spoolDir string) *bench {
	b := &bench{Recorder: usage.NewRecorder(uuid.NewString()), store: s}
	b.cfg = usage.FlusherConfig{Interval: time.Second, Timeout: flushTimeout, SpoolDir: spoolDir, Now: func() time.Time { return noon }}
	b.Flusher = usage.NewFlusher(b.Recorder, s, b.cfg)
	return b
}

// count counts n allowed calls of one key.
func (b *bench) count(id keys.ID, n int) {
	c := b.Counters(id)
	for range n {
		c.Count(call(noon))
	}
}

// flush flushes, and fails the test unless the error is as wanted.
func (b *bench) flush(t *testing.T, want error) {
	t.Helper()
	if err := b.Flush(t.Context()); !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Fatalf("flush: %v, want %v", err, want)
	}
}

var (
	getX = usage.NewLabel("GET /v1/x")
	acme = usage.NewLabel("acme")
)

// call is an allowed call of cost 1.
func call(at time.Time) usage.Event {
	return usage.Event{At: at, Endpoint: getX, Project: acme, Status: 200, Cost: 1}
}

// denial is a request that was refused.
func denial(at time.Time) usage.Event {
	return usage.Event{At: at, Endpoint: getX, Project: acme, Denied: problem.RateLimited, Cost: 1}
}
