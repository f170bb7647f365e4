package quota

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow is a store in which 90 are used of each period, and which doesn't answer
// before it is told to.
type slow struct {
	reads  atomic.Int64
	answer chan struct{}
	err    error
}

func newSlow() *slow { return &slow{answer: make(chan struct{})} }

func (s *slow) load(ctx context.Context, _ Subject, _ time.Time) (Sums, error) {
	s.reads.Add(1)
	select {
	case <-s.answer:
		return Sums{90, 90, 90}, s.err
	case <-ctx.Done():
		return Sums{}, ctx.Err()
	}
}

func (s *slow) wantReads(t *testing.T, want int64) {
	t.Helper()
	if got := s.reads.Load(); got != want {
		t.Errorf("the store was asked %d times, want %d", got, want)
	}
}

// onEachTable runs a test with a table that counts alone, one that has a
// ledger, and one whose ledger is away.
func onEachTable(t *testing.T, test func(t *testing.T, table *Table, store *slow)) {
	for name, made := range map[string]func(Loader) *Table{
		"alone":         NewTable,
		"with a ledger": func(load Loader) *Table { return tables(newBook(1), load)[0] },
		"with a ledger that is away": func(load Loader) *Table {
			b := newBook(1)
			b.leave(ErrAway)
			return tables(b, load)[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := newSlow()
				test(t, made(store.load), store)
			})
		})
	}
}

// outcome is how a request ended, and when.
type outcome struct {
	granted bool
	err     error
	after   time.Duration
}

// ask takes 1 of 100 a day beside the test, with a patience; 0: without end.
func ask(t *testing.T, table *Table, patience time.Duration) <-chan outcome {
	t.Helper()
	ctx, cancel := t.Context(), context.CancelFunc(func() {})
	if patience > 0 {
		ctx, cancel = context.WithTimeout(ctx, patience)
	}
	ended, asked := make(chan outcome, 1), time.Now()
	go func() {
		defer cancel()
		_, granted, err := table.Take(ctx, claim(Quota{Max: 100, Period: Day}), 1, noon)
		ended <- outcome{granted, err, time.Since(asked)}
	}()
	synctest.Wait() // it is answered, or waits
	return ended
}

func TestNobodyWaitsForTheStoreLongerThanTheirContext(t *testing.T) {
	t.Parallel()
	onEachTable(t, func(t *testing.T, table *Table, store *slow) {
		const patience = 500 * time.Millisecond
		for _, asked := range []<-chan outcome{ask(t, table, patience), ask(t, table, patience), ask(t, table, patience)} {
			if o := <-asked; o.granted || !errors.Is(o.err, context.DeadlineExceeded) || o.after != patience {
				t.Errorf("beside a store that hangs: %+v", o)
			}
		}
		store.wantReads(t, 1)
		close(store.answer)
		synctest.Wait()
		if o := <-ask(t, table, patience); !o.granted {
			t.Errorf("once the store answers: %+v", o)
		}
	})
}

func TestAClientWhoGivesUpTakesNobodyElsesAnswerAlong(t *testing.T) {
	t.Parallel()
	onEachTable(t, func(t *testing.T, table *Table, store *slow) {
		hasty, patient := ask(t, table, time.Second), ask(t, table, time.Minute)
		<-hasty
		time.Sleep(time.Second)
		close(store.answer)
		if o := <-patient; !o.granted || o.after != 2*time.Second {
			t.Errorf("whoever waited on: %+v", o)
		}
		store.wantReads(t, 1)
	})
}

func TestAStoreThatCannotTellSaysSoToAllWhoWaitAtOnce(t *testing.T) {
	t.Parallel()
	onEachTable(t, func(t *testing.T, table *Table, store *slow) {
		store.err = errors.New("away")
		asked := []<-chan outcome{ask(t, table, 0), ask(t, table, 0), ask(t, table, 0)}
		close(store.answer)
		for _, a := range asked {
			if o := <-a; o.granted || !errors.Is(o.err, store.err) {
				t.Errorf("when the store fails: %+v", o)
			}
		}
		store.wantReads(t, 1)
	})
}

func TestAllWhoWaitForTheSameSumShareWhatIsLeft(t *testing.T) {
	t.Parallel()
	onEachTable(t, func(t *testing.T, table *Table, store *slow) {
		var asked []<-chan outcome
		for range 64 {
			asked = append(asked, ask(t, table, 0))
		}
		close(store.answer)
		passed := 0
		for _, a := range asked {
			if o := <-a; o.granted {
				passed++
			}
		}
		if passed != 10 {
			t.Errorf("%d passed, want the 10 that are left", passed)
		}
		store.wantReads(t, 1)
	})
}

func TestAStoreThatPanicsIsAStoreThatCannotTell(t *testing.T) {
	t.Parallel()
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { panic("a driver's fault") })
	if _, granted, err := table.Take(t.Context(), claim(Quota{Max: 1, Period: Day}), 1, noon); granted || !errors.Is(err, errUnread) {
		t.Errorf("granted %v, %v", granted, err)
	}
}

// What was read for somebody who gave up may lack what was used since.
func TestASumThatWasGivenUpIsNotUsedOnceOthersMayHaveCounted(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(t *testing.T, b *book, table *Table){
		"a new era": func(_ *testing.T, b *book, _ *Table) { b.lose() },
		"others told the ledger": func(t *testing.T, b *book, table *Table) {
			b.taken[Day] = 0
			if o := <-ask(t, table, 0); !o.granted {
				t.Errorf("with a ledger that knows: %+v", o)
			}
			table.Retire(t.Context(), noon)
			clear(b.taken) // evicted
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, b := newSlow(), newBook(1)
				table := tables(b, store.load)[0]
				<-ask(t, table, time.Second)
				meanwhile(t, b, table)
				asked := ask(t, table, 0)
				store.wantReads(t, 2)
				close(store.answer)
				if o := <-asked; !o.granted {
					t.Errorf("once the store answers: %+v", o)
				}
			})
		})
	}
}
