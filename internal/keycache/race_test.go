package keycache_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// The steps of a fill (the store is read, the answer is put in memory and
// used) and of a change (the fence is raised, the change is committed).
const (
	read   = 'r'
	insert = 'i'
	raise  = 'f'
	commit = 'c'
)

// interleavings are all orders of the four steps.
func interleavings() []string {
	return []string{"rifc", "rfic", "rfci", "fric", "frci", "fcri"}
}

func TestARevokedKeyIsRefusedHoweverTheChangeRacesAFill(t *testing.T) {
	t.Parallel()
	for _, order := range interleavings() {
		t.Run("RACE-01 "+order, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(f *fixture) {
				waiter, committed := race(f, order, secret, "revoked")
				// Who asked before the commit may get either answer, but for a
				// read that is used only after it.
				switch got := <-waiter; {
				case got == "revoked":
				case got == "active" && !committed:
				default:
					f.t.Errorf("the request whose read it was: %q", got)
				}
				f.want("the next request", f.get(secret), "revoked")
				f.want("and the one after", f.get(secret), "revoked")
			})
		})
	}
}

func TestAKeyThatIsCreatedWorksHoweverThatRacesAGuess(t *testing.T) {
	t.Parallel()
	for _, order := range interleavings() {
		t.Run("RACE-06 "+order, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(f *fixture) {
				waiter, committed := race(f, order, "new", "created")
				if got := <-waiter; got != "created" && (got != "nobody's" || committed) {
					f.t.Errorf("the request whose read it was: %q", got)
				}
				f.want("the next request", f.get("new"), "created")
			})
		})
	}
}

// race does the steps of a fill and of a change in an order. committed says
// that the change was committed before the fill's answer was used.
func race(f *fixture, order, secret, value string) (waiter <-chan string, committed bool) {
	f.t.Helper()
	var pending *reading
	usedAfterCommit, changed := false, false
	for _, step := range order {
		switch step {
		case read:
			held := f.hold()
			waiter = f.start(secret)
			pending = <-held // it has its answer
			f.holdNoMore()
		case insert:
			usedAfterCommit = changed
			close(pending.goOn)
			synctest.Wait()
		case raise:
			f.fence(secret)
		case commit:
			f.shelf.commit(secret, value)
			changed = true
		}
	}
	return waiter, usedAfterCommit
}

// A fence that is raised isn't a change yet: until the commit, what the store
// says is true. But memory isn't believed any more.
func TestMemoryIsNotBelievedFromTheFenceOn(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.want("before", f.get(secret), "active")
		f.fence(secret)
		f.want("RACE-02 after the fence, before the commit", f.get(secret), "active")
		if f.shelf.count() == 1 {
			f.t.Error("RACE-02: the answer came from memory")
		}
		f.shelf.commit(secret, "revoked")
		f.want("RACE-02 after the commit", f.get(secret), "revoked")
	})
}

func TestTwoChangesInARowDontLetTheFirstWaiterThrough(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		waiter := f.start(secret)
		first := <-held
		f.change(secret, "edited")
		close(first.goOn)
		second := <-held // read anew, and held again
		f.change(secret, "revoked")
		f.holdNoMore()
		close(second.goOn)
		f.want("RACE-01 the waiter", <-waiter, "revoked")
	})
}

func TestAKeyThatChangesOnAndOnIsNotAnsweredFromBetween(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		waiter := f.start(secret)
		tries := 0
		for answered := false; !answered; {
			select {
			case r := <-held:
				tries++
				f.change(secret, fmt.Sprint("edit ", tries))
				close(r.goOn)
				synctest.Wait()
			case got := <-waiter:
				f.want("RACE-01", got, "unavailable")
				answered = true
			}
		}
		if tries < 2 || tries > 10 {
			f.t.Errorf("the store was read %d times for one request", tries)
		}
		f.holdNoMore()
		f.want("once it rests", f.get(secret), fmt.Sprint("edit ", tries))
	})
}

func TestACommitThatFailedTakesNoKeyAway(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.want("before", f.get(secret), "active")
		f.fence(secret) // and no commit
		for range 3 {
			f.want("STORE-05 afterwards", f.get(secret), "active")
		}
		f.shelf.commit("another", "x") // the next commit takes the revision
		f.want("after the next commit", f.get(secret), "active")
		before := f.shelf.count()
		f.want("from memory again", f.get(secret), "active")
		f.wantReads(before)
	})
}

func TestAChangeOfOneKeyLeavesOthersInMemory(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.put("another", "theirs")
		f.get(secret)
		f.get("another")
		f.change("another", "changed")
		f.want("the other", f.get(secret), "active")
		f.wantReads(2)
	})
}

func TestAnOlderFenceTakesNothingBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.set(func(s *shelf) { s.revision = 10 })
		f.get(secret)
		f.Fence([]storage.Change{{Position: storage.Position{Revision: 3}, Digests: []keys.Digest{keys.FingerprintOf(secret)}}})
		f.want("read at a later revision", f.get(secret), "active")
		f.wantReads(1)
		f.fence(secret) // 11
		f.Fence([]storage.Change{{Position: storage.Position{Revision: 3}, Digests: []keys.Digest{keys.FingerprintOf(secret)}}})
		f.shelf.commit(secret, "revoked")
		f.want("the later fence holds", f.get(secret), "revoked")
	})
}

func TestAResetForgetsEverythingAlsoWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.put("another", "theirs")
		f.get("another")
		held := f.hold()
		waiter := f.start(secret)
		pending := <-held
		f.Reset()
		f.shelf.set(func(s *shelf) { s.revision, s.values = 0, map[string]string{secret: "restored", "another": "restored"} })
		f.holdNoMore()
		close(pending.goOn)
		f.want("whose read began before", <-waiter, "restored")
		f.Confirm(time.Now().Add(staleness))
		before := f.shelf.count()
		f.want("what was in memory", f.get("another"), "restored")
		f.wantReads(before + 1)
		if f.Met(keys.FingerprintOf("never seen")) {
			f.t.Error("a secret is met that never was")
		}
	})
}

func TestAResetEndsTrustUntilTheNextConfirmation(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.Reset()
		for range 3 {
			f.want("a key", f.get(secret), "active")
		}
		f.wantReads(3)
		f.Confirm(time.Now().Add(staleness))
		f.want("a key", f.get(secret), "active")
		f.wantReads(3)
	})
}

// No request that begins after a change was acknowledged sees what was before
// it, whatever else goes on.
func TestNoAnswerIsOlderThanTheLastAcknowledgedChange(t *testing.T) {
	t.Parallel()
	f := setup(t, 8) // small, so that entries come and go
	defer f.Close()
	const names, changes, readers = 20, 300, 4
	var acknowledged [names]atomic.Int64
	var stop atomic.Bool
	var readersDone, changersDone sync.WaitGroup

	for range readers {
		readersDone.Go(func() {
			for i := 0; !stop.Load(); i++ {
				n := i % names
				floor := acknowledged[n].Load()
				got := f.get("key " + strconv.Itoa(n))
				version, err := strconv.ParseInt(got, 10, 64)
				if got == "nobody's" {
					version, err = 0, nil
				}
				if err != nil && got != "unavailable" || err == nil && version < floor {
					t.Errorf("RACE-02: key %d is at %q after %d was acknowledged", n, got, floor)
					return
				}
			}
		})
	}
	for changer := range 2 {
		changersDone.Go(func() {
			for version := int64(1); version <= changes; version++ {
				for n := changer; n < names; n += 2 {
					f.shelf.mu.Lock() // one transaction at a time, as in a store
					next := f.shelf.revision + 1
					name := "key " + strconv.Itoa(n)
					f.Fence([]storage.Change{{Position: storage.Position{Revision: next}, Digests: []keys.Digest{keys.FingerprintOf(name)}}})
					f.shelf.revision, f.shelf.values[name] = next, strconv.FormatInt(version, 10)
					f.shelf.mu.Unlock()
					acknowledged[n].Store(version)
				}
				if version%50 == 0 {
					f.Reset()
				}
				f.Confirm(time.Now().Add(staleness))
			}
		})
	}
	changersDone.Wait()
	stop.Store(true)
	readersDone.Wait()
}
