package gateway_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// household is a fixture with keys, of which two have the same ones in the same
// order.
type household struct {
	*fixture
	ids     []keys.ID
	secrets []string

	beside *beside // nil: nobody looks
	spent  bool    // since it looked
}

// beside looks at a household's store as another process, of which its gateway
// knows nothing.
type beside struct {
	engine *engine.Engine
	gate   *gateway.Gate
}

// lookBeside opens the store once more.
func (h *household) lookBeside() {
	h.t.Helper()
	store, err := sqlite.Open(h.path)
	must(h.t, err)
	looking, err := engine.Look(engine.Config{
		Store: store, Limiter: local.New(h.start), Now: h.now, Log: slog.New(slog.DiscardHandler), Stats: new(engine.Stats),
	}, &h.settings)
	must(h.t, err)
	h.t.Cleanup(func() { must(h.t, looking.Hurry(0)) })
	h.beside = &beside{engine: looking}
}

// fromBeside is what an explanation comes to on the store alone. Quotas are as
// it has them, so what was counted is written first, and read anew.
func (h *household) fromBeside(q question) *gateway.Call {
	h.t.Helper()
	if h.spent {
		must(h.t, h.engine.Flush(h.t.Context()))
		h.beside.engine.Quotas().Sweep(h.now().Add(time.Hour))
		h.spent = false
	}
	c := q.call(h.secrets)
	h.concluded(h.beside.gate, c)
	return c
}

// wantFromBeside compares with what a gate then answers, but for what its
// buckets hold: they are taken as full.
func wantFromBeside(t *testing.T, q question, looked *gateway.Call, decided string) {
	t.Helper()
	outcome := looked.Outcome()
	if decided == "rate_limited" && outcome == "allowed" && looked.Verdict.Limits.Count > 0 {
		return
	}
	if outcome != decided {
		t.Fatalf("%+v: on the store, the explanation says %s, the gate %s", q, outcome, decided)
	}
}

func newHousehold(t *testing.T, seed uint64, n int) *household {
	t.Helper()
	h := &household{fixture: setup(t, nil)}
	_, err := h.store.Update(t.Context(), func(tx storage.Tx) error {
		if err := tx.InsertWorkspace(t.Context(), storage.Workspace{Name: "rivals", CreatedAt: h.start.UTC().Truncate(time.Microsecond)}); err != nil {
			return err
		}
		return tx.InsertProject(t.Context(), storage.Project{Name: "p2", Workspace: "rivals", CreatedAt: h.start.UTC().Truncate(time.Microsecond)})
	})
	must(t, err)
	r := chance{rand.New(rand.NewPCG(seed, 1))}
	h.ids, h.secrets = h.keys(n, func(k *keys.Key) { r.key(k, h.start) })
	return h
}

// move has the household live by another policy, whose quotas begin with what is
// stored.
func (h *household) move(cfg gateway.Config) {
	h.t.Helper()
	must(h.t, h.engine.Flush(h.t.Context()))
	h.engine.Quotas().Sweep(h.now().Add(time.Hour))
	cfg.Engine, cfg.Format, cfg.Now = h.engine, h.format, h.now
	gate, err := gateway.New(cfg)
	must(h.t, err)
	h.gate = gate
	if h.beside != nil {
		cfg.Engine = h.beside.engine
		h.beside.gate, err = gateway.New(cfg)
		must(h.t, err)
	}
}

// TestAnExplanationAgreesWithTheGateAndSpendsNothing asks two gates with the same
// keys and policies the same 10,000 questions. One explains each before it
// decides, by the credential, by the key's ID, and from beside it on the store
// alone; the other only decides.
func TestAnExplanationAgreesWithTheGateAndSpendsNothing(t *testing.T) {
	t.Parallel()
	const policies, questions, known = 100, 100, 40
	explaining, plain := newHousehold(t, 7, known), newHousehold(t, 7, known)
	explaining.lookBeside()
	outcomes := map[string]int{}
	for n := range uint64(policies) {
		explaining.move(chance{rand.New(rand.NewPCG(n, 2))}.config(t))
		plain.move(chance{rand.New(rand.NewPCG(n, 2))}.config(t))
		r := chance{rand.New(rand.NewPCG(n, 3))}
		for range questions {
			q := r.question(known)
			explained, looked := explaining.explained(q), explaining.fromBeside(q)
			decided, alone := q.call(explaining.secrets), q.call(plain.secrets)
			explaining.gate.Decide(decided)
			plain.gate.Decide(alone)
			explaining.gate.Count(decided, http.StatusOK)
			explaining.spent = explaining.spent || decided.Entry != nil && decided.Verdict.Admitted()
			plain.gate.Count(alone, http.StatusOK)
			wantFromBeside(t, q, looked, decided.Outcome())
			outcomes[decided.Outcome()]++
			for how, outcome := range explained {
				if outcome != decided.Outcome() {
					t.Fatalf("policy %d, %+v: the explanation by %s says %s, the gate %s", n, q, how, outcome, decided.Outcome())
				}
			}
			if alone.Outcome() != decided.Outcome() {
				t.Fatalf("policy %d, %+v: %s after explanations, %s without any", n, q, decided.Outcome(), alone.Outcome())
			}
		}
	}
	t.Log(outcomes)
	if used, alone := explaining.sums(), plain.sums(); used != alone {
		t.Errorf("with explanations, %v were counted; without any, %v", used, alone)
	}
	for _, outcome := range []string{
		"allowed", "ambiguous_path", "missing_key", "malformed_key", "unknown_key", "multiple_credentials", "revoked_key", "inactive_key", "expired_key",
		"jwt_not_supported", "insufficient_scope", "project_mismatch", "workspace_mismatch", "environment_not_allowed", "ip_not_allowed",
		"route_not_allowed", "rate_limited", "quota_exceeded",
	} {
		if outcomes[outcome] == 0 {
			t.Errorf("no question came to %s", outcome)
		}
	}
}

// explained is what explanations come to: by the request, and by the key's ID
// where there is a key.
func (h *household) explained(q question) map[string]string {
	h.t.Helper()
	byRequest := q.call(h.secrets)
	outcomes := map[string]string{"request": h.conclusion(byRequest)}
	if q.key >= 0 {
		byID := question{method: q.method, path: q.path, key: -1, client: q.client}.call(nil)
		byID.Rehearsal = &gateway.Rehearsal{KeyID: h.ids[q.key]}
		outcomes["key's ID"] = h.conclusion(byID)
	}
	return outcomes
}

// conclusion is what the steps come to, which has to be the call's outcome: all
// but the last pass.
func (h *household) conclusion(c *gateway.Call) string {
	h.t.Helper()
	return h.concluded(h.gate, c)
}

func (h *household) concluded(gate *gateway.Gate, c *gateway.Call) string {
	h.t.Helper()
	steps := gate.Explain(c)
	outcome := "allowed"
	for i, step := range steps {
		if step.Name == "" || step.Code != "" && i != len(steps)-1 {
			h.t.Fatalf("step %d isn't the last, and fails: %+v", i, steps)
		}
		if step.Code != "" {
			outcome = string(step.Code)
		}
	}
	if outcome != c.Outcome() {
		h.t.Fatalf("%s, and the steps are %+v", c.Outcome(), steps)
	}
	if code := c.Verdict.Code; code != "" {
		h.wantRecorded(steps, gateway.StepsTo(code, c.Entry != nil))
	}
	return outcome
}

// wantRecorded holds what is told of a refusal later, by its code alone, against
// the steps that led there. Where it may have been one of two, it is the first.
func (h *household) wantRecorded(steps, recorded []gateway.Step) {
	h.t.Helper()
	for i, step := range recorded {
		last := i == len(recorded)-1
		if step.Name != steps[i].Name || last != (step.Code != "") || step.Code != steps[len(steps)-1].Code && last {
			h.t.Fatalf("recorded as %+v, the steps are %+v", recorded, steps)
		}
		if last && step.Detail == "" && len(steps) != len(recorded) {
			h.t.Fatalf("recorded as %+v, and the steps go on: %+v", recorded, steps)
		}
	}
}

// tally is what a store knows of all calls, and of who uses it.
type tally struct {
	calls, denials int64
	nodes          int
}

func (h *household) sums() (all tally) {
	h.t.Helper()
	for _, id := range h.ids {
		calls, denials := h.usage(id)
		all.calls, all.denials = all.calls+calls, all.denials+denials
	}
	must(h.t, h.store.View(h.t.Context(), func(r storage.Reader) error {
		nodes, err := r.Nodes(h.t.Context())
		all.nodes = len(nodes)
		return err
	}))
	return all
}

func TestAnExplanationTellsEachStepAndWhatItLookedAt(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/{project}/x", Project: "{project}", Scopes: []string{"read", "write"}, Cost: 2},
		{Methods: []string{"GET"}, Pattern: "/open", Public: true, Cost: 1},
	}, withLimit(keys.Live, "1/h", 5))
	id, _ := f.key(func(k *keys.Key) { k.Scopes = []string{"read", "write"} })
	weak, _ := f.key(func(k *keys.Key) { k.Scopes = []string{"read"} })
	for _, c := range []struct {
		id   keys.ID
		path string
		want []gateway.Step
	}{
		{id, "/v1//x", []gateway.Step{{Name: "target", Code: "ambiguous_path"}}},
		{id, "/open", []gateway.Step{
			{Name: "target", Detail: "one reading"}, {Name: "route", Detail: "GET /open"}, {Name: "credential", Detail: "none of ours is needed here"},
		}},
		{weak, "/v1/p1/x", append(upTo(weak, "GET /v1/{project}/x"), gateway.Step{Name: "scopes", Code: "insufficient_scope", Detail: "lacks write"})},
		{id, "/v1/p1/x", append(
			upTo(id, "GET /v1/{project}/x"), gateway.Step{Name: "scopes", Detail: "has read, write"}, gateway.Step{Name: "address", Detail: "192.0.2.7"},
			gateway.Step{Name: "quotas", Detail: "0 asked"}, gateway.Step{Name: "limits", Detail: "cost 2; live: 5 of 5 left"},
		)},
	} {
		call := question{method: "GET", path: c.path, key: -1, client: netip.MustParseAddr("192.0.2.7")}.call(nil)
		call.Rehearsal = &gateway.Rehearsal{KeyID: c.id}
		if diff := cmp.Diff(c.want, f.gate.Explain(call)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
	}
	call := question{method: "GET", path: "/v1/p1/x", key: -1}.call(nil)
	call.Rehearsal = &gateway.Rehearsal{KeyID: id}
	if call.Client = (netip.Addr{}); !slices.Contains(f.gate.Explain(call), gateway.Step{Name: "address", Detail: "none is stated"}) {
		t.Error("an address that nobody states is looked at")
	}
}

// upTo are the steps of a good key on a route, before its scopes.
func upTo(id keys.ID, route string) []gateway.Step {
	return slices.Clip([]gateway.Step{
		{Name: "target", Detail: "one reading"}, {Name: "route", Detail: route}, {Name: "credential", Detail: "one"}, {Name: "key", Detail: string(id)},
		{Name: "status", Detail: "active"}, {Name: "environment", Detail: "live"}, {Name: "workspace", Detail: "default"}, {Name: "listed"},
		{Name: "route's environment", Detail: "live"}, {Name: "project", Detail: fmt.Sprintf("the key's %q, the request's %q", "", "p1")},
	})
}

func TestAnExplanationCountsNothingAndTellsNothingOfOtherWorkspaces(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/x", Scopes: []string{"read"}, Cost: 1}})
	id, secret := f.key(func(k *keys.Key) { k.Workspace = "rivals" })
	for _, of := range []string{"rivals", storage.DefaultWorkspace} {
		want := "insufficient_scope"
		if of != "rivals" {
			want = "unknown_key"
		}
		byID := question{method: "GET", path: "/x", key: -1}.call(nil)
		byID.Rehearsal = &gateway.Rehearsal{KeyID: id, Workspace: of}
		bySecret := question{method: "GET", path: "/x"}.call([]string{secret})
		bySecret.Rehearsal = &gateway.Rehearsal{Workspace: of}
		for _, c := range []*gateway.Call{byID, bySecret} {
			if f.gate.Explain(c); c.Outcome() != want {
				t.Errorf("to %s: %s, want %s", of, c.Outcome(), want)
			}
		}
	}
	if calls, denials := f.usage(id); calls+denials > 0 {
		t.Errorf("counted: %d calls and %d denials", calls, denials)
	}
}
