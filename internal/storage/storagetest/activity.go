package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var activityGuarantees = []guarantee{
	{"ActivityIsTheLatestCallsNewestFirst", latestCalls},
	{"ActivityIsBoundedByKey", boundedActivity},
	{"ActivityOfABatchIsNotedOnce", notedOnce},
	{"ActivityOfUnknownKeysIsDroppedAndTheirUsageKept", notesOfUnknown},
}

// noted is a call n seconds past noon.
func noted(id keys.ID, n int) storage.NotedCall {
	return storage.NotedCall{
		KeyID: id, At: noon.Add(time.Duration(n) * time.Second), Method: "GET", Endpoint: "GET /v1/x",
		Status: 429, Denied: "rate_limited", Client: "2001:db8::7", Missed: int64(n),
	}
}

func noting(sequence int64, calls ...storage.NotedCall) storage.UsageBatch {
	b := batch(sequence)
	b.Calls = calls
	return b
}

func activity(t *testing.T, f *fixture, id keys.ID, limit int) []storage.NotedCall {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.NotedCall, error) {
		return r.Activity(ctx, id, limit)
	})
}

func latestCalls(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"), newKey("key_2"))
	f.apply(t, noting(1, noted("key_1", 3), noted("key_2", 9), noted("key_1", 1)), noting(2, noted("key_1", 2)))
	// In the order of arrival: clocks of several nodes may differ.
	wantEqual(t, "activity", activity(t, f, "key_1", 10), []storage.NotedCall{noted("key_1", 2), noted("key_1", 1), noted("key_1", 3)})
	wantEqual(t, "the latest", activity(t, f, "key_1", 1), []storage.NotedCall{noted("key_1", 2)})
	wantEqual(t, "of a key that was not called", len(activity(t, f, "key_3", 10)), 0)
}

func boundedActivity(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"), newKey("key_2"))
	const calls = 3 * storage.ActivityKept
	b := noting(1)
	for i := range calls {
		b.Calls = append(b.Calls, noted("key_1", i))
	}
	b.Calls = append(b.Calls, noted("key_2", 0))
	f.apply(t, b, noting(2, noted("key_1", calls)))
	kept := activity(t, f, "key_1", calls)
	wantEqual(t, "kept", len(kept), storage.ActivityKept)
	wantEqual(t, "newest", kept[0], noted("key_1", calls))
	wantEqual(t, "oldest", kept[len(kept)-1], noted("key_1", calls-storage.ActivityKept+1))
	wantEqual(t, "of the other key", len(activity(t, f, "key_2", 10)), 1)
}

func notedOnce(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"))
	f.apply(t, noting(1, noted("key_1", 1)), noting(1, noted("key_1", 1)))
	wantEqual(t, "activity", activity(t, f, "key_1", 10), []storage.NotedCall{noted("key_1", 1)})
}

func notesOfUnknown(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"))
	b := noting(1)
	for i := range 600 { // more than fit into one statement
		b.Calls = append(b.Calls, noted(keys.ID(fmt.Sprint("gone_", i)), i))
	}
	b.Calls = append(b.Calls, noted("key_1", 7))
	b.Cells = append(b.Cells, cell("gone_1"))
	f.apply(t, b)
	wantEqual(t, "of a key that is gone", len(activity(t, f, "gone_1", 10)), 0)
	wantEqual(t, "of a key that is there", len(activity(t, f, "key_1", 10)), 1)
	wantEqual(t, "calls of the one that is gone", totals(t, f, "gone_1")["gone_1"].Calls, int64(1))
}
