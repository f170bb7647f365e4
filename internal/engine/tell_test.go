package engine

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ear hears events, all or none.
type ear struct {
	mu    sync.Mutex
	heard []events.Event
	shut  atomic.Bool
}

func (l *ear) Wants(events.Name) bool { return !l.shut.Load() }

func (l *ear) Emit(_ context.Context, e events.Event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, e)
	return true
}

// of lists what was heard under a name.
func (l *ear) of(name events.Name) (found []events.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.heard {
		if e.Name == name {
			found = append(found, e)
		}
	}
	return found
}

// names lists what was heard of a key, in order.
func (l *ear) names(id keys.ID) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.heard {
		if e.Data["key_id"] == string(id) {
			names = append(names, strings.TrimPrefix(string(e.Name), "keystile."))
		}
	}
	return names
}

// listening is a fixture whose engine tells an ear.
func listening(t *testing.T) (*fixture, *ear) {
	t.Helper()
	f, l := setup(t), &ear{}
	f.listens(f.Engine, l)
	return f, l
}

// listens has an ear listen to what comes from here on.
func (f *fixture) listens(e *Engine, l *ear) {
	f.t.Helper()
	s := *e.settings.current.Load()
	s.Events = l
	must(f.t, e.Start(f.t.Context(), &s))
	e.teller.trail.loop.Stop()
	e.teller.trail.follow(f.t.Context())
	e.teller.trail.loop.Start(f.t.Context())
}

// settle returns once all that was queued is told.
func (f *fixture) settle(l *ear) {
	f.t.Helper()
	before := len(l.of("probe"))
	must(f.t, f.teller.queue.Put(f.t.Context(), events.Event{Name: "probe"}))
	f.comes("all is told", func() bool { return len(l.of("probe")) > before })
}

func (f *fixture) append(tx storage.Tx, k *keys.Key, action string) error {
	changes := map[string]storage.FieldChange{"name": {From: k.Name, To: nil}, "status": {From: "active", To: "revoked"}}
	entry := storage.AuditEntry{ID: "aud_" + string(keys.NewID()), Time: f.now(), Workspace: storage.DefaultWorkspace, Action: action, KeyID: k.ID, Actor: "ann", Reason: "leaked", Changes: changes}
	if err := tx.AppendAudit(f.t.Context(), entry); err != nil {
		return err
	}
	_, err := tx.Key(f.t.Context(), k.ID)
	if err != nil { // so that the log has something, too
		return tx.InsertToken(f.t.Context(), &keys.Token{ID: keys.NewTokenID(), Digest: keys.FingerprintOf(entry.ID), Name: "probe", CreatedAt: f.now()})
	}
	return tx.UpdateKey(f.t.Context(), k)
}

// done has something done to a key by another process.
func (f *fixture) done(k *keys.Key, action string) {
	f.t.Helper()
	f.update(f.other, func(tx storage.Tx) error { return f.append(tx, k, action) })
}

func TestEachNodeTellsOnceWhatAnyProcessDoesToKeys(t *testing.T) {
	t.Parallel()
	f, first := listening(t)
	before, _ := f.key(f.other, nil)
	f.done(before, "key.create")
	second := &ear{}
	f.listens(f.open(&Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000}), second)

	k, _ := f.key(f.other, nil)
	f.done(k, "key.create")
	f.done(k, "key.show")
	f.done(k, "key.edit")
	k.Status = keys.Revoked
	f.done(k, "key.revoke")
	want := []string{"key.created", "key.edited", "key.revoked"}
	for name, l := range map[string]*ear{"first": first, "second": second} {
		f.comes("the revocation is told", func() bool { return slices.Contains(l.names(k.ID), "key.revoked") })
		if got := l.names(k.ID); !slices.Equal(got, want) {
			t.Errorf("the %s node told %q, want %q", name, got, want)
		}
	}
	if got := second.names(before.ID); got != nil {
		t.Errorf("of what was before it listened, a node told %q", got)
	}
	data := first.of(events.KeyRevoked)[0].Data
	for field, value := range map[string]string{
		"key_id": string(k.ID), "name": k.Name, "hint": k.Hint, "environment": "live", "workspace": "default", "actor": "ann", "reason": "leaked",
		"time": f.now().UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), "expires_at": "", "replaced_by": "",
	} {
		if data[field] != value {
			t.Errorf("%s: %q, want %q", field, data[field], value)
		}
	}
}

func TestAKeyThatIsGoneIsToldOfAsItWas(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	f.done(&keys.Key{ID: "key_gone", Name: "a name"}, "key.delete")
	f.comes("the deletion is told", func() bool { return l.names("key_gone") != nil })
	if got := l.of(events.KeyDeleted); got[len(got)-1].Data["name"] != "a name" {
		t.Errorf("%v", got)
	}
}

// Whoever begins to listen hears of what comes, not of what was.
func TestWhileNobodyListensNothingIsReadOrKept(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	l.shut.Store(true)
	k, _ := f.key(f.other, nil)
	f.done(k, "key.create")
	f.follower.poll(t.Context())
	f.teller.trail.loop.Stop()
	f.teller.trail.follow(t.Context())
	if f.teller.trail.known {
		t.Error("the trail is followed for nobody")
	}
	l.shut.Store(false)
	f.teller.trail.loop.Start(t.Context())
	f.listens(f.Engine, l)
	f.settle(l)
	if got := l.names(k.ID); got != nil {
		t.Errorf("told %q", got)
	}
}

func TestWhatIsDoneRightBehindAStartIsTold(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 5 {
		l, e := &ear{}, f.idle()
		must(t, e.Start(t.Context(), &Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000, Events: l}))
		e.teller.trail.loop.Stop() // before it has come to anything, mostly
		k, _ := f.key(f.other, nil)
		f.done(k, "key.create")
		e.teller.trail.loop.Start(t.Context())
		e.teller.trail.loop.Kick()
		f.comes("the first deed is told", func() bool { return len(l.names(k.ID)) == 1 })
	}
}

func TestManyDeedsAreToldInOrder(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	k, _ := f.key(f.other, nil)
	f.update(f.other, func(tx storage.Tx) error {
		for range 3*followAtOnce + 1 {
			if err := f.append(tx, k, "key.edit"); err != nil {
				return err
			}
		}
		return f.append(tx, k, "key.revoke")
	})
	f.comes("the last is told", func() bool { return slices.Contains(l.names(k.ID), "key.revoked") })
	if got := l.names(k.ID); len(got) != 3*followAtOnce+2 || got[len(got)-1] != "key.revoked" {
		t.Errorf("%d were told", len(got))
	}
}
