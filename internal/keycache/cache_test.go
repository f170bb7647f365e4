package keycache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func TestAKnownKeyIsAnsweredFromMemory(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		for range 5 {
			f.want("a key", f.get(secret), "active")
			f.want("a guess", f.get("a guess"), "nobody's")
		}
		f.wantReads(2)
	})
}

func TestOneReadAnswersEverybodyWhoWaits(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		var answers []<-chan string
		for range 50 {
			answers = append(answers, f.start(secret))
		}
		synctest.Wait()
		close((<-held).goOn)
		for _, answer := range answers {
			f.want("a waiter", <-answer, "active")
		}
		f.wantReads(1)
	})
}

func TestAClientWhoLeavesTakesNobodysAnswerAlong(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		ctx, leave := context.WithCancel(f.t.Context())
		first, second := f.startWith(ctx, secret), f.start(secret)
		synctest.Wait()
		leave()
		f.want("who left, at once", <-first, "canceled")
		close((<-held).goOn)
		f.want("who stayed", <-second, "active")
		f.want("who comes later", f.get(secret), "active")
		f.wantReads(1)
	})
}

func TestAFaultOfTheStoreIsNoAnswerAndIsNotRemembered(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.set(func(s *shelf) { s.fault = errDown })
		_, _, err := f.Get(f.t.Context(), keys.FingerprintOf(secret), secret, time.Now())
		if !errors.Is(err, keycache.ErrUnavailable) || !errors.Is(err, errDown) {
			f.t.Errorf("STORE-02: %v", err)
		}
		f.want("STORE-02 a guess", f.get("a guess"), "unavailable")
		f.shelf.set(func(s *shelf) { s.fault = nil })
		f.want("afterwards", f.get(secret), "active")
		f.want("afterwards, a guess", f.get("a guess"), "nobody's")
	})
}

func TestAPanicInTheDriverRefusesThoseWhoWaitAndNobodyElse(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.shelf.set(func(s *shelf) { s.panics = true })
		for i := range 200 { // more than may read at once: each gives its turn back
			f.want("PROC-03", f.get(fmt.Sprint(i)), "unavailable")
		}
		f.shelf.set(func(s *shelf) { s.panics = false })
		f.want("PROC-03 afterwards", f.get(secret), "active")
	})
}

func TestNobodyWaitsLongerThanThePatience(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		began := time.Now()
		f.want("STORE-03 a silent store", f.get(secret), "too late")
		if waited := time.Since(began); waited != patience {
			f.t.Errorf("STORE-03: waited %v", waited)
		}
		f.holdNoMore()
		close((<-held).goOn)
		synctest.Wait()
		f.want("STORE-03 what came late is remembered", f.get(secret), "active")
		f.wantReads(1)
	})
}

func TestReadsAtOnceAreBoundedAndTheRestWaitTheirTurn(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		const atOnce, all = 64, 300
		held := f.hold()
		answers := map[string]<-chan string{}
		for i := range all {
			name := fmt.Sprint(i)
			f.shelf.put(name, name)
			answers[name] = f.start(name)
		}
		synctest.Wait()
		f.wantReads(atOnce)
		close((<-held).goOn)
		synctest.Wait()
		f.wantReads(atOnce + 1)
		f.holdNoMore()
		for range atOnce {
			close((<-held).goOn)
		}
		for name, answer := range answers {
			f.want("FLEET-07", <-answer, name)
		}
		f.wantReads(all)
	})
}

func TestReadsThatWaitInVainGoAway(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		for i := range 200 {
			f.start(fmt.Sprint(i))
		}
		time.Sleep(patience + time.Second)
		f.holdNoMore()
		for range 64 {
			close((<-held).goOn)
		}
		synctest.Wait()
		f.wantReads(64)
		f.want("STORE-03 afterwards", f.get(secret), "active")
	})
}

func TestGuessesThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		var answers []<-chan string
		for i := range 5000 {
			answers = append(answers, f.start(fmt.Sprint(i)))
		}
		synctest.Wait()
		busy := 0
		for _, answer := range answers {
			select {
			case got := <-answer:
				f.want("DOS-01", got, "unavailable")
				busy++
			default:
			}
		}
		if want := 5000 - 64 - 4096; busy != want {
			f.t.Errorf("DOS-01: %d refused at once, want %d", busy, want)
		}
		f.holdNoMore()
		for range 64 {
			close((<-held).goOn)
		}
		synctest.Wait()

		held = f.hold()
		answers = nil
		for i := range 65 {
			answers = append(answers, f.start(fmt.Sprint("later ", i)))
		}
		synctest.Wait()
		f.holdNoMore()
		for range 64 {
			close((<-held).goOn)
		}
		for _, answer := range answers {
			f.want("DOS-01 once the flood is over", <-answer, "nobody's")
		}
	})
}

func TestSecretsThatShareAPlaceAreToldApart(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		one := keys.FingerprintOf(secret)
		other := one
		other[len(other)-1] ^= 1 // what follows the place differs
		for range 3 {
			f.want("the key", told(f.Get(f.t.Context(), one, secret, time.Now())), "active")
			f.want("ENUM-01 its neighbour", told(f.Get(f.t.Context(), other, "a guess", time.Now())), "nobody's")
		}
		if f.Met(other) || !f.Met(one) {
			f.t.Error("ENUM-01: the neighbour is met")
		}
	})
}

func TestAFloodOfGuessesEvictsNoKey(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.want("before", f.get(secret), "active")
		const guesses = 40_000 // more than are remembered
		for i := range guesses {
			if got := f.get(fmt.Sprint("guess ", i)); got != "nobody's" {
				f.t.Fatalf("DOS-01: guess %d is %q", i, got)
			}
		}
		before := f.shelf.count()
		f.want("DOS-01 after the flood", f.get(secret), "active")
		f.wantReads(before)
	})
}

func TestMoreKeysThanFitAreAllAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := setup(t, 10)
		defer f.Close()
		for i := range 500 {
			f.shelf.put(fmt.Sprint(i), fmt.Sprint("value ", i))
		}
		for range 2 {
			for i := range 500 {
				f.want("a key", f.get(fmt.Sprint(i)), fmt.Sprint("value ", i))
			}
		}
		if reads := f.shelf.count(); reads < 900 {
			t.Errorf("a memory of 10 keys kept the store from all but %d of 1000 reads", reads)
		}
	})
}

func TestASizeThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for _, entries := range []int64{0, -1} {
		if _, err := keycache.New(keycache.Config{Entries: entries}, (&shelf{}).load); err == nil {
			t.Errorf("%d entries are taken", entries)
		}
	}
}

func TestThatNobodyHasASecretIsForgottenInTime(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.Confirm(time.Now().Add(time.Hour))
		f.want("a guess", f.get("a guess"), "nobody's")
		time.Sleep(time.Minute - 1)
		f.want("just before the minute is over", f.get("a guess"), "nobody's")
		f.wantReads(1)
		time.Sleep(time.Nanosecond)
		f.want("after it", f.get("a guess"), "nobody's")
		f.wantReads(2)
	})
}

func TestANewSchemeMakesGuessesWorthAsking(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.want("a key", f.get(secret), "active")
		f.want("a guess", f.get("a guess"), "nobody's")
		f.Fence([]storage.Change{{Position: storage.Position{Revision: 2}, Subject: storage.SubjectScheme}})
		f.shelf.commit("a guess", "imported")
		f.want("RACE-06 what was a guess", f.get("a guess"), "imported")
		f.want("a key stays known", f.get(secret), "active")
		f.wantReads(3)
	})
}

func TestClosingDuringAReadHarmsNobody(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		ctx, leave := context.WithCancel(f.t.Context())
		answer := f.startWith(ctx, secret)
		synctest.Wait()
		leave()
		<-answer
		f.Close()
		f.holdNoMore()
		close((<-held).goOn)
		synctest.Wait()
		f.want("RELOAD-01 who asks after all", f.get(secret), "active")
		f.Close()
	})
}

func TestClosingAmongManyReadsLetsAllOfThemEnd(t *testing.T) {
	t.Parallel()
	for range 50 {
		f := setup(t, 100)
		var readers sync.WaitGroup
		for i := range 100 {
			readers.Go(func() {
				_, _, _ = f.Fetch(t.Context(), keys.FingerprintOf(fmt.Sprint(i)), fmt.Sprint(i), time.Now())
			})
		}
		f.Close()
		readers.Wait()
	}
}

func TestAnAnswerFromMemoryDoesNotAllocate(t *testing.T) { // not parallel: it counts allocations
	if poolsLeak {
		t.Skip("the race detector allocates")
	}
	f := setup(t, 1000)
	defer f.Close()
	fp, guess, now := keys.FingerprintOf(secret), keys.FingerprintOf("a guess"), time.Now()
	ctx := t.Context()
	f.get(secret)
	f.get("a guess")
	if n := testing.AllocsPerRun(1000, func() {
		_, _, _ = f.Get(ctx, fp, secret, now)
		_, _, _ = f.Get(ctx, guess, "a guess", now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	f.wantReads(2)
}
