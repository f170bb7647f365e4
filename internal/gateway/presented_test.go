package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/storage"
)

// hand decides about a key that another program hands over.
func (f *fixture) hand(method, path, secret string, change ...func(*gateway.Presented)) *gateway.Call {
	f.t.Helper()
	p := &gateway.Presented{Secret: secret, Workspace: storage.DefaultWorkspace}
	for _, c := range change {
		c(p)
	}
	call := &gateway.Call{Request: httptest.NewRequest(method, path, http.NoBody), Presented: p, Client: netip.MustParseAddr("192.0.2.1")}
	f.gate.Decide(call)
	return call
}

func scopes(names ...string) func(*keys.Key) { return func(k *keys.Key) { k.Scopes = names } }

func besides(names ...string) func(*gateway.Presented) {
	return func(p *gateway.Presented) { p.Scopes = names }
}

func TestAPresentedKeyIsDecidedAsItsRequestWouldBe(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/x", Scopes: []string{"read"}, Cost: 1},
		{Methods: []string{"GET"}, Pattern: "/open", Public: true, Cost: 1},
	})
	_, good := f.key(scopes("read"))
	_, weak := f.key(scopes("write"))
	_, ended := f.key(func(k *keys.Key) { k.Status = keys.Revoked })
	for _, c := range []struct{ method, path, secret, want string }{
		{"GET", "/v1/x", good, "allowed"},
		{"GET", "/v1/x", weak, "insufficient_scope"},
		{"GET", "/v1/x", ended, "revoked_key"},
		{"POST", "/v1/x", good, "route_not_allowed"},
		{"GET", "/v1//x", good, "ambiguous_path"},
		{"GET", "/v1/x", "nonsense", "malformed_key"},
		{"GET", "/v1/x", good + ", Bearer " + good, "multiple_credentials"},
		{"GET", "/v1/x", "eyJhbGciOiJub25lIn0.e30.", "jwt_not_supported"},
		{"GET", "/v1/x", f.format.Mint(keys.Live).Reveal(), "unknown_key"},
		{"GET", "/open", "nonsense", "allowed"},
	} {
		if got := f.hand(c.method, c.path, c.secret).Outcome(); got != c.want {
			t.Errorf("%s %s with a presented key: %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

func TestAPresentedKeyOfAnotherWorkspaceIsUnknown(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, foreign := f.key(func(k *keys.Key) { k.Workspace = "rivals" })
	c := f.hand("GET", "/", foreign)
	if c.Outcome() != "unknown_key" || c.Entry != nil {
		t.Errorf("outcome %s, key shown: %v", c.Outcome(), c.Entry != nil)
	}
}

func TestScopesAreNeededBesidesTheRoutesAndBeforeTheAddress(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, secret := f.key(scopes("read", "write"))
	_, bound := f.key(func(k *keys.Key) { k.Scopes, k.AllowedIPs = []string{"read"}, []string{"198.51.100.1"} })
	if got := f.hand("GET", "/", secret, besides("write", "read")).Outcome(); got != "allowed" {
		t.Errorf("a key with both scopes: %s", got)
	}
	c := f.hand("GET", "/", secret, besides("read", "fly"))
	if missing := f.gate.Problem(c).MissingScopes; c.Outcome() != "insufficient_scope" || !slices.Equal(missing, []string{"fly"}) {
		t.Errorf("a key with one of two scopes: %s, missing %v", c.Outcome(), missing)
	}
	if got := f.hand("GET", "/", bound, besides("fly")).Outcome(); got != "insufficient_scope" {
		t.Errorf("wrong scope and address: %s", got)
	}
	if got := f.hand("GET", "/", bound, besides("read")).Outcome(); got != "ip_not_allowed" {
		t.Errorf("wrong address: %s", got)
	}
}

func TestAPresentedKeySpendsTheStatedCost(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, withLimit(keys.Live, "1/h", 10))
	_, secret := f.key(nil)
	costing := func(n limit.Cost) func(*gateway.Presented) { return func(p *gateway.Presented) { p.Cost = n } }
	for _, c := range []struct {
		cost limit.Cost
		want string
		left int64
	}{{7, "allowed", 3}, {4, "rate_limited", 0}, {3, "allowed", 0}, {0, "rate_limited", 0}} {
		got := f.hand("GET", "/", secret, costing(c.cost))
		if got.Outcome() != c.want || got.Verdict.Limits.Headline().Remaining != c.left {
			t.Errorf("cost %d: %s with %d left, want %s with %d", c.cost, got.Outcome(), got.Verdict.Limits.Headline().Remaining, c.want, c.left)
		}
	}
}

func TestAnObservingGateSaysWhatItThinksOfAPresentedKey(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, func(c *gateway.Config) { c.Observe = true })
	c := f.hand("GET", "/", "nonsense")
	if c.Verdict.Admitted() || c.Outcome() != "malformed_key" {
		t.Errorf("admitted: %v, outcome %s", c.Verdict.Admitted(), c.Outcome())
	}
}

func TestAProjectThatOnlyTheRequestTellsIsNoneThatAPresentedKeyMayReach(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/x", Project: "{http.request.header.X-Project}", Cost: 1}},
		func(c *gateway.Config) { c.Expand = func(*http.Request, string) string { return "apollo" } })
	_, free := f.key(nil)
	_, bound := f.key(func(k *keys.Key) { k.Project = "apollo" })
	for _, secret := range []string{free, bound} {
		if got := f.hand("GET", "/x", secret).Outcome(); got != "project_mismatch" {
			t.Errorf("outcome %s", got)
		}
	}
}
