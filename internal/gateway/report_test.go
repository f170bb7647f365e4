package gateway_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/policy"
)

// asked is one request, and how long after the one before it comes.
type asked struct {
	method, path, header string
	client               netip.Addr
	after                time.Duration
}

// mixed are requests of all kinds, with keys of all kinds.
func (f *fixture) mixed(n int) []asked {
	draw := rand.New(rand.NewPCG(7, 11))
	now := f.start.UTC()
	var credentials []string
	for _, change := range []func(*keys.Key){
		func(k *keys.Key) { k.Scopes = []string{"read"} },
		func(k *keys.Key) { k.Scopes = []string{"read", "write"} },
		func(k *keys.Key) { k.Scopes = []string{keys.ScopeAll}; k.Environment = keys.Test },
		func(k *keys.Key) { k.Status = keys.Revoked },
		func(k *keys.Key) { k.Status = keys.Inactive },
		func(k *keys.Key) { k.ExpiresAt, k.Scopes = now.Add(20*time.Second), []string{"write"} }, // half-way
		func(k *keys.Key) { k.AllowedIPs, k.Scopes = []string{"192.0.2.0/24"}, []string{"read"} },
	} {
		_, secret := f.key(change)
		credentials = append(credentials, "Bearer "+secret)
	}
	credentials = append(credentials, "", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer eyJhbGciOiJub25lIn0.e30.",
		"Bearer "+f.format.Mint(keys.Live).Reveal())
	paths := []string{"/v1/projects", "/v1/projects/", "/v1/projects/a", "/v1/PROJECTS", "/open", "/v2", "/a/../b", "//", "/v1/projects%2f"}
	all := make([]asked, n)
	for i := range all {
		all[i] = asked{
			method: []string{"GET", "GET", "POST", "DELETE", "HEAD"}[draw.IntN(5)], path: paths[draw.IntN(len(paths))],
			header: credentials[draw.IntN(len(credentials))], after: time.Duration(draw.IntN(15)) * time.Millisecond,
			client: netip.AddrFrom4([4]byte{192, 0, byte(2 + draw.IntN(2)), 7}),
		}
	}
	return all
}

// refusal is by whom, where and why a request was refused.
type refusal struct {
	key         keys.ID
	route, code string
}

// play asks for everything, in its time, from the start on.
func (f *fixture) play(all []asked, each func(*gateway.Call)) {
	f.t.Helper()
	f.offset.Store(0)
	for _, one := range all {
		f.offset.Add(int64(one.after))
		r := httptest.NewRequest(one.method, one.path, http.NoBody)
		if one.header != "" {
			r.Header.Set("Authorization", one.header)
		}
		c := &gateway.Call{Request: r, Client: one.client}
		f.gate.Decide(c)
		each(c)
	}
}

// reported is what the report says, once everything is flushed.
func (f *fixture) reported() map[refusal]int64 {
	f.t.Helper()
	must(f.t, f.engine.Flush(f.t.Context()))
	manager, err := manage.New(manage.Config{Store: f.store, Format: f.format, Now: f.now})
	must(f.t, err)
	said, err := manager.ReportRefusals(f.t.Context(), manage.Call{Actor: manage.CommandActor("ann")}, manage.ReportQuery{})
	must(f.t, err)
	sums := map[refusal]int64{}
	for _, row := range said.Data {
		sums[refusal{row.KeyID, row.Route, row.Code}] += row.Requests
	}
	return sums
}

// TestTheReportNamesExactlyWhatEnforcingThenRefuses plays 5,000 requests under
// mode observe, and the same ones again under mode enforce.
func TestTheReportNamesExactlyWhatEnforcingThenRefuses(t *testing.T) {
	t.Parallel()
	const requests = 5000
	routes := func() []*policy.Route {
		return []*policy.Route{
			{Methods: []string{"GET"}, Pattern: "/v1/projects", Scopes: []string{"read"}},
			{Methods: []string{"POST"}, Pattern: "/v1/projects", Scopes: []string{"write"}, Limits: limitsOf(t, "5/s")},
			{Methods: []string{"*"}, Pattern: "/v1/projects/{name}", AnyOf: []string{"read", "write"}, Cost: 3},
			{Methods: []string{"GET"}, Pattern: "/open", Public: true},
		}
	}
	live := func(c *gateway.Config) { c.Site.Environments = []keys.Environment{keys.Live} }
	observe := func(c *gateway.Config) { c.Observe = true }
	f := setup(t, routes(), live, withLimit(keys.Live, "2/s", 6), observe)
	all := f.mixed(requests)
	f.play(all, func(c *gateway.Call) {
		if !c.Verdict.Admitted() {
			t.Errorf("refused under mode observe: %s", c.Verdict.Code)
		}
		f.gate.Count(c, http.StatusOK)
	})
	said := f.reported()

	f.open(routes(), live, withLimit(keys.Live, "2/s", 6))
	refused, total := map[refusal]int64{}, 0
	f.play(all, func(c *gateway.Call) {
		if c.Verdict.Admitted() {
			f.gate.Count(c, http.StatusOK)
			return
		}
		of := refusal{route: "default", code: string(c.Verdict.Code)}
		if c.Entry != nil {
			of.key = c.Entry.Principal.ID
		}
		if c.Match.Route != nil {
			of.route = c.Match.Route.Endpoint()
		}
		refused[of]++
		total++
	})
	if diff := cmp.Diff(refused, said); diff != "" {
		t.Errorf("(-refused +reported):\n%s", diff)
	}
	codes := map[string]bool{}
	for of := range refused {
		codes[of.code] = true
	}
	if total < requests/3 || total > requests-requests/20 || len(codes) < 12 || !codes["rate_limited"] {
		t.Errorf("%d of %d are refused, for %d reasons: that proves little", total, requests, len(codes))
	}
	t.Logf("%d of %d refused, in %d rows, for %d reasons", total, requests, len(refused), len(codes))
}

func limitsOf(t *testing.T, rate string) map[keys.Environment]*limit.Limit {
	t.Helper()
	parsed, err := limit.ParseRate(rate, 0)
	must(t, err)
	return map[keys.Environment]*limit.Limit{keys.Live: {Name: "route", Rate: parsed}}
}
