package manage_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// bubble runs a test in which waiting takes no time.
func bubble(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fn(t, setup(t, func(c *manage.Config) { c.Now = time.Now }))
	})
}

// node registers a gateway, as another process does.
func (f *fixture) node(t *testing.T, incarnation, name string) {
	t.Helper()
	_, err := f.store.Register(t.Context(), storage.Node{Incarnation: incarnation, Name: name, Trust: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
}

// acknowledge has a gateway say that it enforces all that there is.
func (f *fixture) acknowledge(t *testing.T, incarnation string) {
	t.Helper()
	head, err := f.store.Confirm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.store.Beat(t.Context(), storage.Beat{Incarnation: incarnation, Applied: head, Trust: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) receiptOf(t *testing.T, id keys.ID, wait string) manage.Receipt {
	t.Helper()
	out, err := f.RevokeKey(t.Context(), f.op, id, manage.Revocation{Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != keys.Revoked {
		t.Errorf("the key is %s", out.Status)
	}
	return out.Receipt
}

// revoking revokes in the background, and returns how to get the receipt.
func (f *fixture) revoking(ctx context.Context, t *testing.T, id keys.ID, wait string) func() manage.Receipt {
	t.Helper()
	got := make(chan manage.Receipt, 1)
	go func() {
		out, err := f.RevokeKey(ctx, f.op, id, manage.Revocation{Wait: wait})
		if err != nil {
			t.Error(err)
		}
		got <- out.Receipt
	}()
	time.Sleep(time.Second) // of the bubble: it has looked a few times
	return func() manage.Receipt { return <-got }
}

func wantReceipt(t *testing.T, got, want manage.Receipt) {
	t.Helper()
	if got.Confirmed != (got.ConfirmedAt != nil) {
		t.Errorf("confirmed: %v, at: %v", got.Confirmed, got.ConfirmedAt)
	}
	got.ConfirmedAt = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
}

func TestWithoutGatewaysARevocationIsConfirmedAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.mustCreate(t, f.op, manage.NewKey{})
	for _, wait := range []string{"", "5s"} {
		got := f.receiptOf(t, k.ID, wait)
		if got.ConfirmedAt == nil || !got.ConfirmedAt.Equal(start) {
			t.Errorf("confirmed at %v, want %v", got.ConfirmedAt, start)
		}
		wantReceipt(t, got, manage.Receipt{Revision: 2, Confirmed: true})
	}
}

func TestWithoutAWaitTheReceiptSaysWhatIsKnown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.mustCreate(t, f.op, manage.NewKey{})
	f.node(t, "a", "web-1/1")
	got := f.receiptOf(t, k.ID, "")
	wantReceipt(t, got, manage.Receipt{Revision: 2, Nodes: 1})
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"revision":2,"nodes":1,"confirmed":false,"confirmed_at":null}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	f.acknowledge(t, "a")
	wantReceipt(t, f.receiptOf(t, k.ID, ""), manage.Receipt{Revision: 2, Nodes: 1, Confirmed: true})
}

func TestTheGatewayThatRevokesEnforcesItBeforeItAnswers(t *testing.T) {
	t.Parallel()
	var f *fixture
	f = setup(t, func(c *manage.Config) {
		c.CatchUp = func(context.Context) { f.acknowledge(t, "a") }
	})
	f.node(t, "a", "web-1/1")
	k := f.mustCreate(t, f.op, manage.NewKey{})
	wantReceipt(t, f.receiptOf(t, k.ID, ""), manage.Receipt{Revision: 2, Nodes: 1, Confirmed: true})
}

func TestAWaitEndsWhenEachGatewayEnforcesTheRevocation(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		f.node(t, "b", "web-2/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		receipt := f.revoking(t.Context(), t, k.ID, "5s")
		f.acknowledge(t, "a")
		time.Sleep(time.Second)
		f.acknowledge(t, "b")
		at := time.Now()
		got := receipt()
		if got.ConfirmedAt == nil || got.ConfirmedAt.Before(at) || got.ConfirmedAt.After(at.Add(100*time.Millisecond)) {
			t.Errorf("confirmed at %v, want soon after %v", got.ConfirmedAt, at)
		}
		wantReceipt(t, got, manage.Receipt{Revision: 2, Nodes: 2, Confirmed: true})
	})
}

func TestAWaitThatRunsOutNamesWhoHasNotConfirmed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for incarnation, name := range map[string]string{"a": "web-1/1", "b": "web-3/1", "c": "web-2/1", "d": "web-2/1"} {
			f.node(t, incarnation, name)
		}
		k := f.mustCreate(t, f.op, manage.NewKey{})
		began := time.Now()
		receipt := f.revoking(t.Context(), t, k.ID, "4500ms")
		f.acknowledge(t, "a")
		got := receipt()
		if took := time.Since(began); took < 4500*time.Millisecond || took > 4600*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		wantReceipt(t, got, manage.Receipt{Revision: 2, Nodes: 3, Pending: []string{"web-2/1", "web-3/1"}})
		if k, err := f.ShowKey(t.Context(), f.op, k.ID); err != nil || k.Status != keys.Revoked {
			t.Errorf("the key is %s (%v)", k.Status, err)
		}
		if got := f.receiptOf(t, k.ID, "0s"); got.Confirmed || len(got.Pending) != 2 {
			t.Errorf("with no time to wait: %+v", got)
		}
	})
}

func TestASilentGatewayIsWaitedForUntilItHasOutlivedWhatItKnew(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		began := time.Now()
		got := f.receiptOf(t, k.ID, "1m")
		if took := time.Since(began); took < 10100*time.Millisecond || took > 10200*time.Millisecond {
			t.Errorf("confirmed after %v, want 10.1s", took)
		}
		wantReceipt(t, got, manage.Receipt{Revision: 2, Nodes: 1, Confirmed: true, Silent: []string{"web-1/1"}})
	})
}

// A process has two registrations while a reload replaces one engine by another.
func TestAProcessThatConfirmedIsNotSilentWhateverItsOlderRegistrationSays(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "old", "web-1/1")
		f.node(t, "dead", "web-2/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		receipt := f.revoking(t.Context(), t, k.ID, "1m")
		f.node(t, "renewed", "web-1/1") // registered behind the change
		wantReceipt(t, receipt(), manage.Receipt{Revision: 2, Nodes: 2, Confirmed: true, Silent: []string{"web-2/1"}})
	})
}

func TestAGatewayThatEndsOrBeginsDuringAWaitIsNotWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		receipt := f.revoking(t.Context(), t, k.ID, "5s")
		f.node(t, "b", "web-2/1")
		f.node(t, "a, again", "web-1/1")
		if err := f.store.Unregister(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		wantReceipt(t, receipt(), manage.Receipt{Revision: 2, Nodes: 2, Confirmed: true})
	})
}

func TestACallerWhoGoesAwayEndsTheWaitAndNotTheRevocation(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		ctx, leave := context.WithCancel(t.Context())
		began := time.Now()
		receipt := f.revoking(ctx, t, k.ID, "5s")
		leave()
		if got := receipt(); got.Confirmed || time.Since(began) > 2*time.Second {
			t.Errorf("after %v: %+v", time.Since(began), got)
		}
		if k, err := f.ShowKey(t.Context(), f.op, k.ID); err != nil || k.Status != keys.Revoked {
			t.Errorf("the key is %s (%v)", k.Status, err)
		}
	})
}

func TestAStoreThatIsLostDuringAWaitUndoesNoRevocation(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		k := f.mustCreate(t, f.op, manage.NewKey{})
		receipt := f.revoking(t.Context(), t, k.ID, "5s")
		if err := f.store.Close(); err != nil {
			t.Error(err)
		}
		wantReceipt(t, receipt(), manage.Receipt{Revision: 2, Nodes: 1, Pending: []string{"web-1/1"}})
	})
}

func TestRevokingAgainAsksForTheRevisionOfTheRevocation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.node(t, "a", "web-1/1")
	k := f.mustCreate(t, f.op, manage.NewKey{})
	first := f.receiptOf(t, k.ID, "")
	f.acknowledge(t, "a")
	f.mustCreate(t, f.op, manage.NewKey{}) // which the gateway needn't know
	wantReceipt(t, f.receiptOf(t, k.ID, ""), manage.Receipt{Revision: first.Revision, Nodes: 1, Confirmed: true})
	if n := len(f.audit(t, storage.DefaultWorkspace)); n != 3 {
		t.Errorf("%d entries in the audit trail, want 3", n)
	}
}

func TestManyMayWaitWhileOthersUseTheStore(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.node(t, "a", "web-1/1")
		const many = 50 // more than the store has connections
		var waits sync.WaitGroup
		confirmed := make([]bool, many)
		for i := range many {
			id := f.mustCreate(t, f.op, manage.NewKey{}).ID
			waits.Go(func() {
				out, err := f.RevokeKey(t.Context(), f.op, id, manage.Revocation{Wait: "1m"})
				confirmed[i] = err == nil && out.Receipt.Confirmed
			})
		}
		time.Sleep(time.Second)
		if n := len(f.mustList(t, f.op, manage.KeyQuery{Status: keys.Revoked}).Data); n != many {
			t.Errorf("%d keys are revoked", n)
		}
		f.mustCreate(t, f.op, manage.NewKey{})
		f.acknowledge(t, "a")
		waits.Wait()
		if slices.Contains(confirmed, false) {
			t.Error("a wait ended without a confirmation")
		}
	})
}

func TestACallerIsToldAtOnceOnceTheServerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closing := make(chan struct{})
		f := setup(t, func(c *manage.Config) { c.Now, c.Closing = time.Now, closing })
		f.node(t, "a", "web-1/1")
		waited, late := f.mustCreate(t, f.op, manage.NewKey{}).ID, f.mustCreate(t, f.op, manage.NewKey{}).ID
		began := time.Now()
		receipt := f.revoking(t.Context(), t, waited, "5m")
		close(closing)
		want := manage.Receipt{Revision: 3, Nodes: 1, Pending: []string{"web-1/1"}}
		wantReceipt(t, receipt(), want)
		want.Revision++
		wantReceipt(t, f.receiptOf(t, late, "5m"), want)
		if took := time.Since(began); took > 1500*time.Millisecond { // of which the first call was let wait for one
			t.Errorf("they were kept for %v", took)
		}
	})
}

func TestNoMoreCallsWaitThanMayAndTheOthersAreToldAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		const may, more = 64, 10
		f.node(t, "a", "web-1/1")
		var waits sync.WaitGroup
		var atOnce, later atomic.Int64
		began := time.Now()
		for range may + more {
			id := f.mustCreate(t, f.op, manage.NewKey{}).ID
			waits.Go(func() {
				out, err := f.RevokeKey(t.Context(), f.op, id, manage.Revocation{Wait: "5s"})
				if err != nil || out.Receipt.Confirmed || len(out.Receipt.Pending) != 1 {
					t.Errorf("%+v, %v", out.Receipt, err)
				}
				if time.Since(began) < time.Second {
					atOnce.Add(1)
				} else {
					later.Add(1)
				}
			})
		}
		waits.Wait()
		if atOnce.Load() != more || later.Load() != may {
			t.Errorf("%d were told at once, and %d waited", atOnce.Load(), later.Load())
		}
		began = time.Now()
		f.receiptOf(t, f.mustCreate(t, f.op, manage.NewKey{}).ID, "5s")
		if time.Since(began) < 5*time.Second {
			t.Error("nobody may wait any more")
		}
	})
}

func TestAWaitThatIsNoDurationIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.mustCreate(t, f.op, manage.NewKey{})
	for _, wait := range []string{"soon", "5", "-1s", "5m1s", "1d", "9999999999h", " 5s", "5 s", "NaN", "1e9s", "0x1s"} {
		_, err := f.RevokeKey(t.Context(), f.op, k.ID, manage.Revocation{Wait: wait})
		wantRefusal(t, err, problem.InvalidRequest, "wait")
	}
	if k, err := f.ShowKey(t.Context(), f.op, k.ID); err != nil || k.Status != keys.Active {
		t.Fatalf("the key is %s (%v)", k.Status, err)
	}
	for _, wait := range []string{"5s", "5m", "1m30s", "250ms", "1.5s", "0s"} {
		if _, err := f.RevokeKey(t.Context(), f.op, k.ID, manage.Revocation{Wait: wait}); err != nil {
			t.Errorf("%s: %v", wait, err)
		}
	}
}
