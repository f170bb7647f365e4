package gateway_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/quota"
)

// ear hears of excesses, in order.
type ear chan events.Event

func (l ear) Wants(name events.Name) bool { return name == events.LimitExceeded }

func (l ear) Emit(_ context.Context, e events.Event) bool {
	l <- e
	return true
}

// listen has somebody listen from here on.
func (f *fixture) listen() ear {
	f.t.Helper()
	l := make(ear, 100)
	settings := f.settings
	settings.Events, settings.UnknownKeys = l, &limit.Rate{N: 1, Per: time.Minute, Burst: 1}
	must(f.t, f.engine.Start(f.t.Context(), &settings))
	return l
}

func wantExcess(t *testing.T, l ear, want map[string]any) {
	t.Helper()
	select {
	case got := <-l:
		for field, value := range want {
			if got.Data[field] != value {
				t.Errorf("%s: %v, want %v", field, got.Data[field], value)
			}
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing is told, want %v", want)
	}
}

func TestAKeyThatExceedsALimitIsToldOfOnceAMinute(t *testing.T) {
	t.Parallel()
	route := &policy.Route{Methods: []string{"GET"}, Pattern: "/v1/{item}"}
	f := setup(t, []*policy.Route{route}, withLimit(keys.Live, "2/m", 2))
	l := f.listen()
	id, secret := f.key(nil)
	other, otherSecret := f.key(nil)
	flood := func(secret string) {
		for range 1000 {
			f.ask(http.MethodGet, "/v1/7?q=secret", secret)
		}
	}
	flood(secret)
	flood(otherSecret)
	want := map[string]any{
		"key_id": string(id), "environment": "live", "workspace": "default", "project": "", "owner": "", "code": "rate_limited",
		"limit_name": "live", "limit": int64(2), "route": "GET /v1/{item}", "mode": "enforce", "retry_after": int64(30), "client": "",
	}
	wantExcess(t, l, want)
	want["key_id"] = string(other)
	wantExcess(t, l, want)
	f.offset.Add(int64(time.Minute))
	flood(secret)
	want["key_id"] = string(id)
	wantExcess(t, l, want)
	for range 3 { // what nobody knows, from one address
		f.askFrom("192.0.2.7", f.format.Mint(keys.Live).Reveal())
	}
	wantExcess(t, l, map[string]any{"key_id": "", "client": "192.0.2.7", "limit_name": "unknown_keys", "limit": int64(1), "code": "rate_limited"})
	for range 3 {
		f.askFrom("192.0.2.8", f.format.Mint(keys.Live).Reveal())
	}
	wantExcess(t, l, map[string]any{"client": "192.0.2.8"}) // the one behind all that came before
	if n := len(l); n != 0 {
		t.Errorf("%d more were told", n)
	}
}

func TestAQuotaThatIsUsedUpIsToldOfUnderObserveToo(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, func(c *gateway.Config) {
		c.Observe = true
		c.Limits.Quotas = map[keys.Environment][]quota.Quota{keys.Live: {{Max: 1, Period: quota.Day}}}
	})
	l := f.listen()
	id, secret := f.key(nil)
	for range 5 {
		f.ask(http.MethodGet, "/", secret)
	}
	wantExcess(t, l, map[string]any{
		"key_id": string(id), "code": "quota_exceeded", "limit_name": "quota day", "limit": int64(1), "mode": "observe", "route": "",
	})
	next, secret := f.key(nil)
	for range 2 {
		f.ask(http.MethodGet, "/", secret)
	}
	wantExcess(t, l, map[string]any{"key_id": string(next)}) // the one behind all that the first key had told
	if n := len(l); n != 0 {
		t.Errorf("%d more were told", n)
	}
}

// bystander listens to everything, and does nothing about it.
type bystander struct{}

func (*bystander) Wants(events.Name) bool                  { return true }
func (*bystander) Emit(context.Context, events.Event) bool { return true }

func TestRefusingAFloodAllocatesNothingThoughSomebodyListens(t *testing.T) {
	f := setup(t, nil, withLimit(keys.Live, "1/h", 1))
	settings := f.settings
	settings.Events = &bystander{}
	must(t, f.engine.Start(t.Context(), &settings))
	_, secret := f.key(nil)
	r, call := request(http.MethodGet, "Bearer "+secret), new(gateway.Call)
	for range 3 {
		f.decide(call, r)
	}
	if call.Verdict.Admitted() {
		t.Fatal("it is let in")
	}
	if n := testing.AllocsPerRun(1000, func() { f.decide(call, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
