package keycache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/keys"
)

func TestMemoryIsBelievedOnlyAsLongAsTheStoreConfirmedIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.get(secret)
		f.shelf.commit(secret, "revoked elsewhere") // and nobody told this node
		time.Sleep(staleness - 1)
		f.want("just before the end", f.get(secret), "active")
		time.Sleep(time.Nanosecond)
		f.want("FLEET-03 at the end", f.get(secret), "revoked elsewhere")
		f.shelf.set(func(s *shelf) { s.fault = errDown })
		f.want("FLEET-03 cut off", f.get(secret), "unavailable")
		f.want("FLEET-03 cut off, a guess", f.get("a guess"), "unavailable")
	})
}

func TestNothingIsBelievedBeforeTheFirstConfirmation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{t: t, shelf: &shelf{revision: 1, values: map[string]string{secret: "active"}}}
		cache, err := keycache.New(keycache.Config{Entries: 10, Base: time.Now()}, f.shelf.load)
		if err != nil {
			t.Fatal(err)
		}
		f.Cache = cache
		defer f.Close()
		for range 3 {
			f.want("a key", f.get(secret), "active")
		}
		f.wantReads(3)
	})
}

// The clock that counts is the one that was read in the request itself.
func TestARequestIsJudgedByItsOwnClock(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.get(secret)
		f.want("a request of now", f.ask(f.t.Context(), secret, time.Now()), "active")
		f.wantReads(1)
		f.want("a request of later", f.ask(f.t.Context(), secret, time.Now().Add(staleness)), "active")
		f.wantReads(2)
		if fp := keys.FingerprintOf(secret); !f.Knows(fp, time.Now()) || f.Knows(fp, time.Now().Add(staleness)) {
			f.t.Error("what is known doesn't depend on the request's clock")
		}
	})
}

func TestAnOlderConfirmationTakesNothingAway(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.get(secret)
		f.Confirm(time.Now().Add(time.Second))
		time.Sleep(5 * time.Second)
		f.want("a key", f.get(secret), "active")
		f.wantReads(1)
		if !f.Trusted(time.Now()) || f.Trusted(time.Now().Add(5*time.Second)) {
			f.t.Error("trust isn't what the later confirmation says")
		}
	})
}

func TestTrustCanBeShortenedAndConfirmedAnew(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		now := time.Now()
		f.Shorten(now.Add(2 * staleness))
		if !f.Trusted(now.Add(staleness-1)) || f.Trusted(now.Add(staleness)) {
			f.t.Error("a bound that is later changes something")
		}
		f.Shorten(now.Add(time.Second))
		if !f.Trusted(now.Add(time.Second-1)) || f.Trusted(now.Add(time.Second)) {
			f.t.Error("trust isn't what the bound says")
		}
		f.Confirm(now.Add(time.Minute))
		if !f.Trusted(now.Add(time.Minute - 1)) {
			f.t.Error("a confirmation afterwards doesn't count")
		}
	})
}

func TestWithoutTrustAReadThatWasSentEarlierIsNoAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		time.Sleep(staleness)
		held := f.hold()
		early := f.start(secret)
		sent := <-held
		f.shelf.commit(secret, "revoked elsewhere")
		var late []<-chan string
		for range 20 {
			late = append(late, f.start(secret))
		}
		synctest.Wait()
		f.wantReads(1)
		f.holdNoMore()
		close(sent.goOn)
		f.want("who asked before it was sent", <-early, "active")
		for _, answer := range late {
			f.want("FLEET-03 who asked afterwards", <-answer, "revoked elsewhere")
		}
		f.wantReads(2) // one for all of them
	})
}

func TestReadsOfOneSecretFollowEachOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		time.Sleep(staleness)
		held := f.hold()
		first := f.start(secret)
		one := <-held
		second := f.start(secret) // to be sent after the first
		synctest.Wait()
		close(one.goOn)
		f.want("first", <-first, "active")
		two := <-held
		third := f.start(secret)
		synctest.Wait()
		f.wantReads(2)
		close(two.goOn)
		f.want("second", <-second, "active")
		close((<-held).goOn)
		f.want("third", <-third, "active")
		f.wantReads(3)
	})
}

func TestWithTrustAReadThatWasSentEarlierIsAnAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		early := f.start(secret)
		sent := <-held
		late := f.start(secret)
		synctest.Wait()
		close(sent.goOn)
		f.want("early", <-early, "active")
		f.want("late", <-late, "active")
		f.wantReads(1)
	})
}

func TestStaleMemoryHoldsKeysOnlyAndNoneThatChanged(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.put("another", "theirs")
		f.get(secret)
		f.get("another")
		f.get("a guess")
		time.Sleep(time.Hour)
		stale := func(secret string) string {
			value, found := f.RecallStale(keys.FingerprintOf(secret))
			return told(value, found, nil)
		}
		f.want("a key", stale(secret), "active")
		f.want("RACE-06 a guess", stale("a guess"), "nobody's")
		f.want("never seen", stale("new"), "nobody's")
		f.change(secret, "revoked")
		f.want("RACE-02 a key that this node revoked", stale(secret), "nobody's")
		f.want("another key", stale("another"), "theirs")
		f.Reset()
		f.want("after a reset", stale("another"), "nobody's")
	})
}
