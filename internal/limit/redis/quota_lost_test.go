package redis_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit/redis"
	"github.com/keystile/keystile/internal/quota"
)

// lossy is a ledger of which some statements don't arrive, and some answers.
type lossy struct {
	*redis.Limiter
	mu     sync.Mutex
	random *rand.Rand
	off    bool
	lost   int
}

func (l *lossy) Exchange(ctx context.Context, era uint64, all []quota.Statement) ([]quota.Answer, error) {
	l.mu.Lock()
	before, behind := !l.off && l.random.IntN(4) == 0, !l.off && l.random.IntN(4) == 0
	l.mu.Unlock()
	if before {
		l.lost++
		return nil, quota.ErrUnavailable
	}
	answers, err := l.Limiter.Exchange(ctx, era, all)
	if behind {
		l.lost++
		return nil, quota.ErrUnavailable
	}
	return answers, err
}

func TestLostStatementsAndAnswersCostNoCallOfAQuota(t *testing.T) {
	t.Parallel()
	const most = 3000
	f := newFate(t, 3)
	var lines []*lossy
	for _, c := range f.nodes {
		line := &lossy{Limiter: c.limiter, random: f.random}
		lines = append(lines, line)
		c.table = quota.NewSharedTable(c.load, line)
	}
	claims := monthly(most)
	for range 4000 {
		f.now = f.now.Add(time.Duration(f.random.Int64N(int64(200 * time.Millisecond))))
		c := f.nodes[f.random.IntN(3)]
		_, granted, err := c.table.Take(t.Context(), claims, 1, f.now)
		if err != nil && !errors.Is(err, quota.ErrUnavailable) {
			t.Fatal(err)
		}
		if granted {
			f.sum++
		}
		if f.random.IntN(20) == 0 {
			c.table.Tend(t.Context(), f.now.Add(time.Hour))
		}
	}
	lost := 0
	for _, line := range lines {
		line.off, lost = true, lost+line.lost
	}
	early := f.sum
	f.now = f.now.Add(time.Minute)
	for _, c := range f.nodes {
		c.table.Retire(t.Context(), f.now)
	}
	f.sum += all(t, f.nodes, claims, f.now)
	t.Logf("%d and then %d of %d granted; %d exchanges lost", early, f.sum-early, most, lost)
	if f.sum != most || lost == 0 {
		t.Errorf("%d granted of %d", f.sum, most)
	}
}

func TestAStatementThatALaterOneHasOvertakenChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCounting(t, fleet(), &shelf{}, 1, 5*time.Second)
	st := quota.Statement{
		Subject: quota.Subject{Lineage: "key_a"}, Period: quota.Month, Start: november, Keep: time.Hour,
		Life: 1, Limit: 100, Need: 10, Want: 10,
	}
	if _, taken := redis.Say(c.limiter, st, 1_000); taken != 10 {
		t.Fatalf("%d taken", taken)
	}
	st.Base, st.Used, st.Want = -1, 10, 0
	if _, taken := redis.Say(c.limiter, st, 1_002); taken != 10 {
		t.Fatalf("%d taken", taken)
	}
	st.Used, st.Want = 0, 50
	if news, _ := redis.Say(c.limiter, st, 1_001); news {
		t.Error("what came late was taken for news")
	}
	st.Used, st.Want, st.Need = 10, 0, 0
	if _, taken := redis.Say(c.limiter, st, 1_003); taken != 10 {
		t.Errorf("%d taken behind a late statement, want 10", taken)
	}
	st.Life, st.Used = 2, 5
	if _, taken := redis.Say(c.limiter, st, 1_004); taken != 15 {
		t.Errorf("%d taken once another counter of the node has spent 5, want 15", taken)
	}
}

func TestNothingOfAQuotaIsGrantedWhereLessIsLeftThanIsNeeded(t *testing.T) {
	t.Parallel()
	c := newCounting(t, fleet(), &shelf{}, 1, 5*time.Second)
	st := quota.Statement{
		Subject: quota.Subject{Lineage: "key_a"}, Period: quota.Month, Start: november, Keep: time.Hour,
		Life: 1, Limit: 100, Need: 95, Want: 95,
	}
	if _, taken := redis.Say(c.limiter, st, 1); taken != 95 {
		t.Fatalf("%d taken", taken)
	}
	st.Used = 95
	st.Need, st.Want = 6, 6
	if _, taken := redis.Say(c.limiter, st, 2); taken != 95 {
		t.Errorf("%d taken where 6 were needed and 5 were left", taken)
	}
	st.Need, st.Want = 5, 5
	if _, taken := redis.Say(c.limiter, st, 3); taken != 100 {
		t.Errorf("%d taken where 5 were needed and 5 were left", taken)
	}
}

// What had been said of a quota holds beyond the epoch, though it isn't stored.
func TestWhatWasSpentInAnotherEpochIsNotGrantedAgain(t *testing.T) {
	t.Parallel()
	name := fleet()
	c := newCounting(t, name, &shelf{}, 1, 5*time.Second)
	st := quota.Statement{
		Subject: quota.Subject{Lineage: "key_a"}, Period: quota.Month, Start: november, Keep: time.Hour,
		Life: 1, Limit: 100, Held: 3,
	}
	redis.Say(c.limiter, st, 1)
	st.Used, st.Held = 60, 5
	if _, taken := redis.Say(c.limiter, st, 2); taken != 65 {
		t.Fatalf("%d taken", taken)
	}
	if _, err := shared.Do("DEL " + name + ":{rate}:fleet"); err != nil {
		t.Fatal(err)
	}
	c.limiter.Beat()
	await(t, c.limiter)
	st.Used, st.Held, st.Base = 0, 2, 50
	if _, taken := redis.Say(c.limiter, st, 3); taken != 62 {
		t.Errorf("%d taken, want the 60 that were spent, and the 2 that are held", taken)
	}
}
