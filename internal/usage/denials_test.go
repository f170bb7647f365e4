package usage_test

import (
	"fmt"
	"net/netip"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// refuse notes a refusal as a gate does, and reports whether there was room.
func (b *bench) refuse(id keys.ID, client, requestID string) bool {
	d := usage.Denial{
		RequestID: requestID, KeyID: id, Gate: usage.NewLabel(":443"), Path: "/v1/projects/4711/keys",
		Event: usage.Event{At: noon, Endpoint: getX, Project: acme, Denied: problem.ProjectMismatch, Status: 403, Method: "GET"},
	}
	if client != "" {
		d.Client = netip.MustParseAddr(client)
	}
	if !b.Denials().Reserve(id, d.Client) {
		return false
	}
	b.Denials().Note(&d)
	return true
}

func TestADenialIsNotedWithoutWhatMayBeAnID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refuse("key_1", "192.0.2.7", "r1")
	b.Denials().Note(&usage.Denial{RequestID: "r2", Event: usage.Event{At: noon, Denied: problem.MissingKey}, Path: "/"})
	b.flush(t, nil)
	b.flush(t, nil)
	want := []storage.Denial{
		{
			RequestID: "r1", KeyID: "key_1", At: noon, Gate: ":443", Method: "GET", Endpoint: "GET /v1/x", Path: "/v1/projects/{}/keys", Project: "acme",
			Code: "project_mismatch", Client: "192.0.2.7",
		},
		{RequestID: "r2", At: noon, Path: "/", Code: "missing_key"},
	}
	if diff := gocmp.Diff(want, b.store.denials); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	b.store.wantTransactions(1, "for denials that no count goes with, and nothing behind them")
}

// The flush that comes between two steps of noting starts the counting over.
func TestADenialThatIsNotedAcrossAFlushIsStoredByTheNext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if !b.Denials().Reserve("key_1", netip.Addr{}) {
		t.Fatal("there is no room for one")
	}
	b.flush(t, nil)
	b.Denials().Note(&usage.Denial{RequestID: "r1", KeyID: "key_1", Event: usage.Event{At: noon, Denied: problem.RevokedKey}, Path: "/"})
	b.flush(t, nil)
	if len(b.store.denials) != 1 || b.store.denials[0].RequestID != "r1" {
		t.Errorf("stored: %v", b.store.denials)
	}
}

// A flood of refusals leaves few notes, and those of others beside it.
func TestAFloodOfDenialsLeavesAFewOfEachKeyAndClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noted := func(id keys.ID, client string) (n int) {
		for i := range 1000 {
			if b.refuse(id, client, fmt.Sprint(i)) {
				n++
			}
		}
		return n
	}
	for range 2 { // from one sweep to the next
		few := 0
		for who, n := range map[string]int{
			"a key": noted("key_1", "192.0.2.7"), "a client": noted("", "192.0.2.7"), "another client": noted("", "192.0.2.8"), "nobody knows whom": noted("", ""),
			"a site": noted("", "2001:db8::1"),
		} {
			if few += n; n > 5 {
				t.Errorf("%d denials of %s are noted, at most 5", n, who)
			}
		}
		if few < 15 { // two may share a slot, by chance
			t.Errorf("of five, %d are noted", few)
		}
		if n := noted("", "2001:db8::2"); n != 0 {
			t.Errorf("%d more are noted of another address of the site", n)
		}
		key := b.refuse("key_1", "", "")
		crowd := 0
		for i := range 3000 {
			if b.refuse("", fmt.Sprintf("198.51.%d.%d", i/200, i%200), "") {
				crowd++
			}
			b.refuse(keys.ID(fmt.Sprint("key_", i)), "192.0.2.7", "")
		}
		b.flush(t, nil)
		if all := len(b.store.denials); key || crowd > 50-3*5 || all != 50+200 {
			t.Errorf("of a crowd, %d are noted, %d in all", crowd, all)
		}
		b.store.denials = nil
	}
}

func TestDenialsThatWaitForTheStoreAreBoundedAndWorthNoSpool(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.fail(errDown, nil)
	for range 30 {
		for i := range 100 {
			b.refuse(keys.ID(fmt.Sprint("key_", i)), "", "r")
		}
		b.flush(t, errDown)
	}
	if err := b.Stop(); err != nil || len(b.spooled(t)) > 0 {
		t.Errorf("denials alone: %v, %v are spooled", err, b.spooled(t))
	}
	b.store.fail(nil, nil)
	b.flush(t, nil)
	if n := len(b.store.denials); n < 1000 || n > 1000+2*100 {
		t.Errorf("%d denials waited, want about 1000", n)
	}
}

func BenchmarkADenialThatIsNotNoted(b *testing.B) {
	r := usage.NewRecorder("a")
	client := netip.MustParseAddr("192.0.2.7")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Denials().Reserve("", client)
		}
	})
}
