package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ends makes a key that ends after a time.
func (f *fixture) ends(in time.Duration, change func(*keys.Key)) *keys.Key {
	f.t.Helper()
	k, _ := f.key(f.other, func(k *keys.Key) {
		k.ExpiresAt = f.now().Add(in).UTC().Truncate(time.Microsecond)
		if change != nil {
			change(k)
		}
	})
	return k
}

func TestKeysThatEndWithinFourteenDaysAreToldOfOnce(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	f.update(f.other, func(tx storage.Tx) error {
		return tx.InsertWorkspace(t.Context(), storage.Workspace{Name: "acme", CreatedAt: f.start})
	})
	soon, next := f.ends(13*day, nil), f.ends(time.Hour, func(k *keys.Key) { k.Workspace = "acme" })
	late := f.ends(15*day, nil)
	quiet := []*keys.Key{
		f.ends(day, func(k *keys.Key) { k.Status = keys.Revoked }), f.ends(day, func(k *keys.Key) { k.Status = keys.Inactive }),
		f.ends(-day, nil), f.ends(40*day, nil),
	}
	forever, _ := f.key(f.other, nil)
	quiet = append(quiet, forever)

	want := func(k *keys.Key, times int) {
		t.Helper()
		f.settle(l)
		if n := len(l.names(k.ID)); n != times {
			t.Errorf("%s: told %d times, want %d", k.ID, n, times)
		}
	}
	for range 3 {
		f.teller.endings.seek(t.Context())
	}
	want(soon, 1)
	want(next, 1)
	want(late, 0)
	f.offset.Store(int64(2 * day))
	f.teller.endings.seek(t.Context())
	want(late, 1)
	want(soon, 1)

	soon.ExpiresAt = soon.ExpiresAt.Add(day)
	f.done(soon, "key.edit")
	f.comes("its new end is told", func() bool {
		names := l.names(soon.ID) // the first look at all keys may come between
		slices.Sort(names)
		return slices.Equal(names, []string{"key.edited", "key.expiring", "key.expiring"})
	})
	f.teller.endings.seek(t.Context())
	want(soon, 3)
	for _, k := range quiet {
		want(k, 0)
	}
	if got := l.of(events.KeyExpiring)[0].Data["expires_at"]; got == "" {
		t.Error("nobody is told when")
	}
	f.offset.Store(int64(30 * day))
	f.teller.endings.forget(f.now())
	if n := len(f.teller.endings.told); n != 0 {
		t.Errorf("%d that have ended are kept in mind", n)
	}
}

func TestAKeyThatIsMadeToEndSoonIsToldOfAtOnce(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	k := f.ends(day, nil)
	f.done(k, "key.create")
	f.comes("it is told", func() bool { // by either: this change of it, or the first look at all keys
		names := l.names(k.ID)
		slices.Sort(names)
		return slices.Equal(names, []string{"key.created", "key.expiring"})
	})
}

func TestKeysThatEndSoonAreKeptInMindWithinABound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := &f.teller.endings
	for i := range mostEndings {
		n.told[keys.ID(time.Duration(i).String())] = f.now().Add(day)
	}
	if n.note(&keys.Key{ID: "one too many", ExpiresAt: f.now().Add(day)}) {
		t.Error("there is room for one more")
	}
}
