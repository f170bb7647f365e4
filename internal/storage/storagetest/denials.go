package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var denialGuarantees = []guarantee{
	{"ADenialIsFoundByTheIDOfItsRequest", foundDenials},
	{"TheLatestDenialsOfEachKeyAndOfStrangersAreKept", boundedDenials},
	{"DenialsOfABatchAreNotedOnce", denialsNotedOnce},
	{"DenialsGoWithTheirKey", denialsOfGone},
	{"OldDenialsAreRemovedALittleAtATime", pruneDenials},
}

// refusal is the nth request of a key that was refused, n seconds past noon.
func refusal(id keys.ID, n int) storage.Denial {
	return storage.Denial{
		RequestID: fmt.Sprintf("%s/%d", id, n), KeyID: id, At: noon.Add(time.Duration(n) * time.Second), Gate: ":443 api.example.com",
		Method: "GET", Endpoint: "GET /v1/{project}", Path: "/v1/{}", Project: "apollo", Code: "project_mismatch", Client: "2001:db8::7",
	}
}

func refusing(sequence int64, all ...storage.Denial) storage.UsageBatch {
	b := batch(sequence)
	b.Denials = all
	return b
}

// denialOf returns the zero Denial where there is none.
func denialOf(t *testing.T, f *fixture, requestID string) (found storage.Denial) {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.Denial, error) {
		found, err := r.Denial(ctx, requestID)
		if errors.Is(err, storage.ErrNotFound) {
			return storage.Denial{}, nil
		}
		return found, err
	})
}

func foundDenials(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"))
	f.apply(t, refusing(1, refusal("key_1", 1), refusal("", 2)), refusing(2, refusal("key_1", 3)))
	for _, want := range []storage.Denial{refusal("key_1", 1), refusal("", 2), refusal("key_1", 3)} {
		wantEqual(t, want.RequestID, denialOf(t, f, want.RequestID), want)
	}
	for _, nobodys := range []string{"", "key_1", "key_1/", "%", "' OR '1'='1"} {
		wantEqual(t, fmt.Sprintf("%q", nobodys), denialOf(t, f, nobodys), storage.Denial{})
	}
}

func boundedDenials(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"), newKey("key_2"))
	b := refusing(1, refusal("key_2", 0))
	for n := range storage.StrangerDenialsKept + 1 {
		b.Denials = append(b.Denials, refusal("", n))
	}
	for n := range 2 * storage.KeyDenialsKept {
		b.Denials = append(b.Denials, refusal("key_1", n))
	}
	f.apply(t, b, refusing(2, refusal("key_1", 9000), refusal("", 9000)))
	for requestID, kept := range map[string]bool{
		"key_1/9000": true, fmt.Sprint("key_1/", storage.KeyDenialsKept+1): true, fmt.Sprint("key_1/", storage.KeyDenialsKept): false, "key_1/0": false,
		"/9000": true, "/2": true, "/1": false, "/0": false, "key_2/0": true,
	} {
		wantEqual(t, requestID, denialOf(t, f, requestID).RequestID == requestID, kept)
	}
}

func denialsNotedOnce(t *testing.T, f *fixture) {
	again := refusing(1)
	for n := range storage.StrangerDenialsKept {
		again.Denials = append(again.Denials, refusal("", n))
	}
	f.apply(t, again, again)
	wantEqual(t, "the first", denialOf(t, f, "/0"), refusal("", 0)) // twice as many would have driven it out
}

func denialsOfGone(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_1"), newKey("key_2"))
	f.apply(t, refusing(1, refusal("key_1", 1), refusal("key_2", 1), refusal("key_gone", 1)))
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_1") })
	f.apply(t, refusing(2, refusal("key_1", 2)))
	for _, requestID := range []string{"key_1/1", "key_1/2", "key_gone/1"} {
		wantEqual(t, requestID, denialOf(t, f, requestID), storage.Denial{})
	}
	wantEqual(t, "of a key that is there", denialOf(t, f, "key_2/1"), refusal("key_2", 1))
}

func pruneDenials(t *testing.T, f *fixture) {
	const old, limit = 10, 4
	b := refusing(1)
	for n := range old + 2 {
		b.Denials = append(b.Denials, refusal("", n))
	}
	f.apply(t, b)
	wantEqual(t, "calls that keep all", prune(t, f, storage.UsagePrune{Limit: limit}), 1)
	calls := prune(t, f, storage.UsagePrune{DenialsBefore: noon.Add(old * time.Second), Limit: limit})
	wantEqual(t, "calls", calls, old/limit+1)
	wantEqual(t, "the last old one", denialOf(t, f, fmt.Sprint("/", old-1)), storage.Denial{})
	wantEqual(t, "the first that is kept", denialOf(t, f, fmt.Sprint("/", old)), refusal("", old))
}
