package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
)

// fleet is several nodes on one store, and somebody who revokes keys. Nothing
// happens by itself: each poll, beat and passing of time is a step of a test.
type fleet struct {
	t       *testing.T
	shelf   *shelf
	issuer  *handle
	start   time.Time
	elapsed time.Duration
	format  *keys.Format
	beats   bool // of every store: asking is a beat
	made    int
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	must(t, err)
	s := newShelf()
	return &fleet{t: t, shelf: s, issuer: newHandle(s), start: time.Now(), format: format}
}

// clock runs fast or slow by parts in a thousand.
func (f *fleet) clock(fast int) func() time.Time {
	return func() time.Time { return f.start.Add(f.elapsed + f.elapsed/1000*time.Duration(fast)) }
}

// member is one node of the fleet.
type member struct {
	*Engine
	f      *fleet
	name   string
	handle *handle
}

var tenSeconds = Settings{MaxStaleness: 10 * time.Second, FlushInterval: time.Hour, CacheSize: 100}

// add makes a node that hasn't begun.
func (f *fleet) add(fast int, s Settings) *member {
	f.t.Helper()
	f.made++
	m := &member{f: f, name: fmt.Sprintf("node %d", f.made), handle: newHandle(f.shelf)}
	m.handle.attendBeats = f.beats
	now := f.clock(fast)
	s.Hasher = keys.NewHasher(nil)
	e, err := newEngine(Config{
		Store: m.handle, Limiter: local.New(now()), Now: now, Node: m.name,
		Log: slog.New(slog.DiscardHandler), Stats: new(Stats),
	}, &s)
	must(f.t, err)
	f.t.Cleanup(func() { must(f.t, e.Hurry(0)) })
	m.Engine = e
	return m
}

// begin is what an engine does before it serves, without the loops.
func (m *member) begin() {
	m.f.t.Helper()
	m.node.join(m.f.t.Context())
	must(m.f.t, m.follower.catchUp(m.f.t.Context()))
	m.started = true
	close(m.ready)
}

// node adds a node that serves.
func (f *fleet) node() *member {
	f.t.Helper()
	m := f.add(0, tenSeconds)
	m.begin()
	return m
}

func (m *member) poll() { m.follower.poll(m.f.t.Context()) }
func (m *member) tick() { m.node.tick(m.f.t.Context()) }

func (f *fleet) pass(d time.Duration) { f.elapsed += d }

// ticket is a key that tests revoke.
type ticket struct {
	keys.Key
	secret string
}

func (f *fleet) key() *ticket {
	f.t.Helper()
	secret := f.format.Mint(keys.Live)
	digest, _ := keys.NewHasher(nil).New(secret)
	k := &ticket{secret: secret.Reveal(), Key: keys.Key{
		ID: keys.NewID(), Digest: digest, Status: keys.Active, Kind: keys.CI,
		Environment: keys.Live, Workspace: storage.DefaultWorkspace,
	}}
	k.Lineage = k.ID
	f.put(f.issuer, k)
	return k
}

func (f *fleet) put(through storage.Store, k *ticket) storage.Revision {
	f.t.Helper()
	revision, err := through.Update(f.t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(f.t.Context(), &k.Key) })
	must(f.t, err)
	return revision
}

// receipt is what somebody holds who revoked a key.
type receipt struct {
	f        *fleet
	revision storage.Revision
	since    time.Time
	clock    func() time.Time
}

func (f *fleet) revoke(k *ticket) *receipt { return f.revokeBy(f.clock(0), k) }

func (f *fleet) revokeBy(clock func() time.Time, k *ticket) *receipt {
	f.t.Helper()
	k.Status = keys.Revoked
	revision := f.put(f.issuer, k)
	return &receipt{f: f, revision: revision, since: clock(), clock: clock}
}

// pending names the nodes that the receipt waits for.
func (r *receipt) pending() (names string) {
	r.f.t.Helper()
	var nodes []storage.Node
	must(r.f.t, r.f.issuer.View(r.f.t.Context(), func(read storage.Reader) (err error) {
		nodes, err = read.Nodes(r.f.t.Context())
		return err
	}))
	var all []string
	for _, n := range storage.Outstanding(nodes, r.revision, r.clock().Sub(r.since)) {
		all = append(all, n.Name)
	}
	return strings.Join(all, ", ")
}

func (r *receipt) want(pending string, when string) {
	r.f.t.Helper()
	if got := r.pending(); got != pending {
		r.f.t.Errorf("%s, the receipt waits for %q, want %q", when, got, pending)
	}
}

// answer is what a node makes of a request, as a gate asks it.
func (m *member) answer(k *ticket) string {
	now, fp := m.cfg.Now(), keys.FingerprintOf(k.secret)
	if entry, found, known := m.Recall(fp, now); known {
		return said(entry, found)
	}
	entry, found, err := m.Fetch(m.f.t.Context(), fp, k.secret, now)
	if err == nil {
		return said(entry, found)
	}
	if entry, _, known := m.RecallStale(fp, now); known {
		return said(entry, true)
	}
	return "unavailable"
}

func said(entry *Entry, found bool) string {
	if !found {
		return "unknown"
	}
	return string(entry.Principal.Status)
}

func (m *member) want(k *ticket, status, when string) {
	m.f.t.Helper()
	if got := m.answer(k); got != status {
		m.f.t.Errorf("%s, %s answers %q, want %q", when, m.name, got, status)
	}
}

// remembers reports whether a node answers from memory.
func (m *member) remembers(k *ticket) bool {
	_, _, known := m.Recall(keys.FingerprintOf(k.secret), m.cfg.Now())
	return known
}
