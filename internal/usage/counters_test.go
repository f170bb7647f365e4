package usage_test

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// stored flushes, and returns the cells of the store by key, hour and outcome.
func (b *bench) stored(t *testing.T) []storage.UsageCell {
	t.Helper()
	b.flush(t, nil)
	return slices.SortedFunc(maps.Values(b.store.backup().cells), func(x, y storage.UsageCell) int {
		return cmp.Or(cmp.Compare(x.KeyID, y.KeyID), x.Hour.Compare(y.Hour),
			cmp.Compare(x.Endpoint, y.Endpoint), cmp.Compare(x.Project, y.Project), cmp.Compare(x.Outcome, y.Outcome))
	})
}

func TestCallsAreCountedByHourEndpointProjectAndOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	at := noon.Add(1500 * time.Microsecond)
	c.Count(usage.Event{At: noon, Endpoint: getX, Project: acme, Status: 200, Cost: 5})
	c.Count(usage.Event{At: at, Endpoint: getX, Project: acme, Status: 204, Cost: 5})
	c.Count(usage.Event{At: noon, Endpoint: getX, Project: usage.OtherProject, Status: 200, Cost: 5})
	c.Count(usage.Event{At: noon, Endpoint: usage.DefaultEndpoint, Status: 404, Cost: 1})
	c.Count(usage.Event{At: noon, Status: 200})
	b.Counters("key_2").Count(denial(at))
	want := []storage.UsageCell{
		{KeyID: "key_1", Hour: noon, Endpoint: "GET /v1/x", Project: "(other)", Outcome: "2xx", Count: 1, Cost: 5, Last: noon},
		{KeyID: "key_1", Hour: noon, Endpoint: "GET /v1/x", Project: "acme", Outcome: "2xx", Count: 2, Cost: 10, Last: at},
		{KeyID: "key_1", Hour: noon, Endpoint: "default", Outcome: "2xx", Count: 1, Last: noon},
		{KeyID: "key_1", Hour: noon, Endpoint: "default", Outcome: "4xx", Count: 1, Cost: 1, Last: noon},
		{KeyID: "key_2", Hour: noon, Endpoint: "GET /v1/x", Project: "acme", Outcome: "rate_limited", Denied: true, Count: 1, Last: at},
	}
	if diff := gocmp.Diff(want, b.stored(t)); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestOutcomesAreStatusClassesOrCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		denied problem.Code
		want   string
	}{
		{0, "", "aborted"}, {101, "", "1xx"}, {200, "", "2xx"}, {299, "", "2xx"}, {304, "", "3xx"}, {499, "", "4xx"},
		{500, "", "5xx"}, {599, "", "5xx"}, {999, "", "5xx"}, {99, "", "5xx"}, {-5, "", "5xx"},
		{0, problem.RateLimited, "rate_limited"}, {200, problem.RevokedKey, "revoked_key"},
	} {
		b := setup(t)
		b.Counters("key_1").Count(usage.Event{At: noon, Status: c.status, Denied: c.denied})
		if got := b.stored(t)[0]; got.Outcome != c.want || got.Denied != (c.denied != "") {
			t.Errorf("status %d, code %q is stored as %+v, want %q", c.status, c.denied, got, c.want)
		}
	}
}

func TestCallsBelongToTheHourTheyWereMadeInNotToThatOfTheFlush(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	for _, at := range []time.Time{
		noon.Add(-1), noon, noon.Add(time.Hour - 1), noon.Add(time.Hour),
		noon.In(time.FixedZone("half an hour off", 30*60)),
	} {
		c.Count(call(at))
	}
	got := map[time.Time]int64{}
	for _, cell := range b.stored(t) {
		got[cell.Hour] = cell.Count
	}
	want := map[time.Time]int64{noon.Add(-time.Hour): 1, noon: 3, noon.Add(time.Hour): 1}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("calls by hour (-want +got):\n%s", diff)
	}
}

func TestDOS07DenialsMoveNeitherCallsNorCostNorLastUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	c.Count(call(noon))
	for i := range 1000 {
		c.Count(denial(noon.Add(time.Duration(i) * time.Second)))
	}
	b.flush(t, nil)
	if got, want := b.store.total("key_1"), (total{1, 1000, 1, noon}); got != want {
		t.Errorf("totals after one call and a thousand denials: %+v, want %+v", got, want)
	}
}

func TestClockSetBackMakesNothingNegative(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	c.Count(call(noon))
	c.Count(call(noon.Add(-time.Hour)))
	c.Count(call(noon.Add(10 * time.Minute)))
	c.Count(call(noon.Add(5 * time.Minute)))
	c.Count(usage.Event{At: noon, Endpoint: getX, Project: acme, Status: 200, Cost: -7})
	b.flush(t, nil)
	if got, want := b.store.total("key_1"), (total{5, 0, 4, noon.Add(10 * time.Minute)}); got != want {
		t.Errorf("totals: %+v, want %+v", got, want)
	}
}

func TestHandlesOfOneKeyAreAddedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 10 {
		b.count("key_1", 7)
	}
	b.flush(t, nil)
	b.count("key_1", 5)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 75)
}

func TestHandleThatIsForgottenLosesNoCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 100 {
		b.count("key_1", 1) // nobody keeps the handle
	}
	runtime.GC()
	b.flush(t, nil)
	b.store.wantCalls("key_1", 100)
}

func TestKeyOnManyEndpointsIsCountedExactly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	const endpoints = 300
	for round := range 5 {
		for i := range endpoints {
			e := call(noon)
			e.Endpoint = usage.NewLabel(fmt.Sprint("GET /v1/", i))
			for range i%3 + 1 {
				c.Count(e)
			}
		}
		if got := usage.CellsIn(c); got != endpoints {
			t.Errorf("the handle has %d cells, want %d", got, endpoints)
		}
		if round == 2 {
			b.flush(t, nil)
		}
	}
	for _, cell := range b.stored(t) {
		var i int64
		if _, err := fmt.Sscanf(cell.Endpoint, "GET /v1/%d", &i); err != nil {
			t.Fatal(err)
		}
		if want := 5 * (i%3 + 1); cell.Count != want {
			t.Errorf("%s: %d calls, want %d", cell.Endpoint, cell.Count, want)
		}
	}
	if got := len(b.store.backup().cells); got != endpoints {
		t.Errorf("%d cells, want %d", got, endpoints)
	}
}

func TestCountDoesNotAllocateOnAKnownCell(t *testing.T) {
	b := setup(t) // AllocsPerRun counts what any goroutine allocates: not parallel
	c := b.Counters("key_1")
	allowed, denied := call(noon), denial(noon)
	count := func() {
		c.Count(allowed)
		c.Count(denied)
	}
	count()
	if got := testing.AllocsPerRun(1000, count); got != 0 {
		t.Errorf("%v allocations for each pair of counts", got)
	}
	b.flush(t, nil)
	c.Count(allowed) // listed again
	if got := testing.AllocsPerRun(1000, count); got != 0 {
		t.Errorf("%v allocations for each pair of counts after a flush", got)
	}
}

func BenchmarkCount(b *testing.B) {
	e := call(noon)
	b.Run("one key", func(b *testing.B) {
		c := usage.NewRecorder("a").Counters("key_1")
		b.ReportAllocs()
		for b.Loop() {
			c.Count(e)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		r := usage.NewRecorder("a")
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			c := r.Counters("key_1")
			for pb.Next() {
				c.Count(e)
			}
		})
	})
	b.Run("20 endpoints", func(b *testing.B) {
		c := usage.NewRecorder("a").Counters("key_1")
		var events [20]usage.Event
		for i := range events {
			events[i] = call(noon)
			events[i].Endpoint = usage.NewLabel(fmt.Sprint(i))
		}
		var n atomic.Int64
		for b.Loop() {
			c.Count(events[n.Add(1)%20])
		}
	})
}
