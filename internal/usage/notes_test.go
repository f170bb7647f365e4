package usage_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// noted returns the calls that reached the store, by key.
func (s *store) noted() map[keys.ID][]storage.NotedCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[keys.ID][]storage.NotedCall{}
	for _, c := range s.calls {
		out[c.KeyID] = append(out[c.KeyID], c)
	}
	return out
}

// told is how many calls the notes of a key tell of, noted or missed.
func told(calls []storage.NotedCall) (n int64) {
	for _, c := range calls {
		n += 1 + c.Missed
	}
	return n
}

func TestTheLatestCallsAreNotedAsTheyWere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	client := netip.MustParseAddr("192.0.2.7")
	c.Count(usage.Event{At: noon, Endpoint: getX, Status: 201, Method: http.MethodPost, Client: client})
	c.Count(usage.Event{At: noon.Add(time.Second), Denied: problem.RateLimited, Status: 429, Method: http.MethodGet, Client: client})
	c.Count(usage.Event{At: noon.Add(time.Second), Denied: problem.RateLimited, Status: 200, Method: http.MethodGet, Client: client}) // only observed
	c.Count(usage.Event{At: noon.Add(2 * time.Second), Endpoint: getX, Method: http.MethodGet})
	b.flush(t, nil)
	want := []storage.NotedCall{
		{KeyID: "key_1", At: noon, Method: "POST", Endpoint: "GET /v1/x", Status: 201, Client: "192.0.2.7"},
		{KeyID: "key_1", At: noon.Add(time.Second), Method: "GET", Endpoint: "default", Status: 429, Denied: "rate_limited", Client: "192.0.2.7"},
		{KeyID: "key_1", At: noon.Add(time.Second), Method: "GET", Endpoint: "default", Status: 200, Denied: "rate_limited", Client: "192.0.2.7"},
		{KeyID: "key_1", At: noon.Add(2 * time.Second), Method: "GET", Endpoint: "GET /v1/x"},
	}
	if diff := gocmp.Diff(want, b.store.noted()["key_1"]); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotNotedOfABusyKeyIsSaidToBeMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.Counters("key_1")
	for i := range 1000 {
		c.Count(call(noon.Add(time.Duration(i) * time.Second)))
	}
	b.flush(t, nil)
	calls := b.store.noted()["key_1"]
	if len(calls) == 0 || told(calls) != 1000 {
		t.Fatalf("%d notes tell of %d calls, want 1000", len(calls), told(calls))
	}
	if last := calls[len(calls)-1]; !last.At.Equal(noon.Add(999*time.Second)) || last.Missed != 0 {
		t.Errorf("the last note is %+v, want the last call", last)
	}
	c.Count(call(noon.Add(time.Hour)))
	b.flush(t, nil)
	if calls = b.store.noted()["key_1"]; told(calls) != 1001 {
		t.Errorf("after one more call the notes tell of %d", told(calls))
	}
}

func TestManyKeysAtOnceShareTheNotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ keys, notes int }{{1, 5}, {100, 500}, {250, 500}, {600, 300}, {3000, 500}} {
		b := setup(t)
		const each = 5
		for i := range c.keys {
			b.count(keys.ID(fmt.Sprint("key_", i)), each)
		}
		b.flush(t, nil)
		noted, sum := b.store.noted(), 0
		for id, calls := range noted {
			sum += len(calls)
			if told(calls) != each {
				t.Fatalf("%d keys: the notes of %s tell of %d calls, want %d", c.keys, id, told(calls), each)
			}
		}
		if len(noted) != min(c.keys, c.notes) || sum != c.notes {
			t.Errorf("%d keys: %d notes of %d keys, want %d", c.keys, sum, len(noted), c.notes)
		}
	}
}

func TestNotesThatWaitForTheStoreAreBoundedAndNoneIsForgottenSilently(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.fail(errDown, nil)
	const rounds = 2000
	for range rounds {
		b.count("key_1", 10)
		b.count("key_2", 1)
		b.flush(t, errDown)
	}
	b.store.fail(nil, nil)
	b.flush(t, nil)
	b.count("key_1", 1)
	b.count("key_2", 1)
	b.flush(t, nil)
	noted := b.store.noted()
	if sum := len(noted["key_1"]) + len(noted["key_2"]); sum > 1100 {
		t.Errorf("%d notes were kept for a store that was away", sum)
	}
	if one, two := told(noted["key_1"]), told(noted["key_2"]); one != 10*rounds+1 || two != rounds+1 {
		t.Errorf("the notes tell of %d and %d calls, want %d and %d", one, two, 10*rounds+1, rounds+1)
	}
}

func TestNotesOfABatchInDoubtAreNotChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.fail(nil, errLost) // written, and nobody knows
	b.count("key_1", 2)
	b.flush(t, errLost)
	b.store.fail(nil, nil)
	b.count("key_1", 3)
	b.flush(t, nil)
	if calls := b.store.noted()["key_1"]; len(calls) != 5 || told(calls) != 5 {
		t.Errorf("five calls are noted as %+v", calls)
	}
}

func TestAKeyThatIsNotBusyHasEachOfItsCallsNoted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const calls = 50
	for range 3 { // memory that is used again holds nothing of before
		before := len(b.store.noted()["key_1"])
		b.count("key_1", calls)
		b.flush(t, nil)
		if noted := b.store.noted()["key_1"]; len(noted)-before != calls || told(noted) != int64(len(noted)) {
			t.Fatalf("%d calls at once: %d notes more, of %d calls in all", calls, len(noted)-before, told(noted))
		}
	}
}

func TestTheNotesOfManyBusyKeysTellOfEachCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const busy, calls = 100, 40 // more than all keys together have room for
	for i := range busy {
		c := b.Counters(keys.ID(fmt.Sprint("key_", i)))
		for n := range calls {
			c.Count(call(noon.Add(time.Duration(n) * time.Second)))
		}
	}
	b.flush(t, nil)
	for id, noted := range b.store.noted() {
		if told(noted) != calls {
			t.Errorf("%d notes of %s tell of %d calls, want %d", len(noted), id, told(noted), calls)
		}
		for n, one := range noted { // the latest, in their order
			if want := noon.Add(time.Duration(calls-len(noted)+n) * time.Second); !one.At.Equal(want) {
				t.Errorf("note %d of %s is of %v, want %v", n, id, one.At, want)
			}
		}
	}
}

func TestOfVeryManyKeysEachIsNotedInItsTurn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const many, rounds = 2000, 4 // four times as many as are noted at once
	before := 0
	for range rounds {
		for i := range many {
			b.Counters(keys.ID(fmt.Sprint("key_", i))).Count(call(noon))
		}
		b.flush(t, nil)
		all := 0
		for _, calls := range b.store.noted() {
			all += len(calls)
		}
		if all-before > 500 {
			t.Errorf("%d notes in one flush", all-before)
		}
		before = all
	}
	if noted := b.store.noted(); len(noted) != many {
		t.Errorf("%d keys of %d were noted in %d rounds", len(noted), many, rounds)
	}
}
