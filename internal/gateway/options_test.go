package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

const jsonWebToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N"

func with(change func(*gateway.Config)) option { return change }

// asked decides about a request, and takes off it what the upstream must not
// get.
func (f *fixture) asked(method, target string, headers ...string) *gateway.Call {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	c := &gateway.Call{Request: r}
	f.gate.Decide(c)
	f.gate.Strip(c)
	return c
}

func closedRoute() []*policy.Route {
	return []*policy.Route{{Methods: []string{"GET"}, Pattern: "/closed", Scopes: []string{"never"}}}
}

func TestAGateThatObservesRefusesNothingAndCountsNoCall(t *testing.T) {
	t.Parallel()
	f := setup(t, closedRoute(), with(func(c *gateway.Config) { c.Observe = true }))
	id, secret := f.key(nil)
	for _, want := range []struct {
		target, authorization string
		code                  problem.Code
		kept                  bool
	}{
		{"/closed", "", problem.MissingKey, false},
		{"/closed", "Basic dXNlcjpwYXNz", problem.MalformedKey, true},
		{"/closed", "Bearer " + secret, problem.InsufficientScope, false},
		{"/else", "Bearer " + secret, problem.RouteNotAllowed, false},
		{"/a//b", "Bearer " + secret, problem.AmbiguousPath, false},
	} {
		headers := []string{"Authorization", want.authorization}
		if want.authorization == "" {
			headers = nil
		}
		c := f.asked("GET", want.target, headers...)
		if !c.Verdict.Admitted() || c.WouldDeny != want.code || c.Entry != nil {
			t.Errorf("%s with %q: admitted %v, would deny %q", want.target, want.authorization, c.Verdict.Admitted(), c.WouldDeny)
		}
		if kept := c.Request.Header.Get("Authorization") != ""; kept != want.kept {
			t.Errorf("%s with %q: kept the credential: %v", want.target, want.authorization, kept)
		}
		f.gate.Count(c, http.StatusOK)
	}
	if calls, denials := f.usage(id); calls != 0 || denials != 2 {
		t.Errorf("%d calls and %d denials, want 0 and 2", calls, denials)
	}
}

func TestActivityUnderObserveTellsWhatWasAnsweredAndWhyItWouldNotHaveBeen(t *testing.T) {
	t.Parallel()
	routes := append(closedRoute(), &policy.Route{Methods: []string{"GET"}, Pattern: "/open"})
	observing, enforcing := setup(t, routes, with(func(c *gateway.Config) { c.Observe = true })), setup(t, routes)
	for f, want := range map[*fixture]string{
		observing: "200 insufficient_scope, 503 route_not_allowed, 0 insufficient_scope, 204 ", enforcing: "403 insufficient_scope, 403 route_not_allowed, 403 insufficient_scope, 204 ",
	} {
		id, secret := f.key(nil)
		for _, call := range []struct {
			target string
			status int
		}{{"/closed", 200}, {"/else", 503}, {"/closed", 0}, {"/open", 204}} {
			c := f.asked("GET", call.target, "Authorization", "Bearer "+secret)
			f.gate.Count(c, call.status)
		}
		calls, denials := f.usage(id)
		if got := f.activity(id); got != want || calls != 1 || denials != 3 {
			t.Errorf("%d calls, %d denials, noted as %s; want %s", calls, denials, got, want)
		}
	}
}

// activity is what is noted of a key, oldest first: statuses and refusals.
func (f *fixture) activity(id keys.ID) string {
	f.t.Helper()
	var told []string
	must(f.t, f.store.View(f.t.Context(), func(r storage.Reader) error {
		noted, err := r.Activity(f.t.Context(), id, storage.ActivityKept)
		for _, call := range slices.Backward(noted) {
			told = append(told, fmt.Sprint(call.Status, " ", call.Denied))
		}
		return err
	}))
	return strings.Join(told, ", ")
}

func TestJSONWebTokensPassUntouchedWhereTheyMayAndNowhereElse(t *testing.T) {
	t.Parallel()
	passing := with(func(c *gateway.Config) { c.PassJWT = true })
	for name, c := range map[string]struct {
		routes []*policy.Route
		option option
		target string
		passes bool
	}{
		"a gate that says nothing":       {nil, with(func(*gateway.Config) {}), "/x", false},
		"a gate that passes them":        {nil, passing, "/x", true},
		"what such a gate doesn't list":  {closedRoute(), passing, "/x", false},
		"a route that passes them":       {[]*policy.Route{{Methods: []string{"GET"}, Pattern: "/x", JWT: true}}, passing, "/x", true},
		"a route beside it that doesn't": {[]*policy.Route{{Methods: []string{"GET"}, Pattern: "/y", JWT: true}, {Methods: []string{"GET"}, Pattern: "/x"}}, passing, "/x", false},
	} {
		f := setup(t, c.routes, c.option)
		got := f.asked("GET", c.target, "Authorization", "Bearer "+jsonWebToken)
		if got.Verdict.Admitted() != c.passes {
			t.Errorf("%s: admitted %v", name, got.Verdict.Admitted())
		}
		if kept := got.Request.Header.Get("Authorization") != ""; kept != c.passes {
			t.Errorf("%s: kept the token: %v", name, kept)
		}
	}
}

func TestOnlyPreflightsPassWithoutAKeyWhereTheyMay(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, with(func(c *gateway.Config) { c.PassPreflight = true }))
	origin, asks := []string{"Origin", "https://app.example"}, []string{"Access-Control-Request-Method", "GET"}
	if c := f.asked("OPTIONS", "/x", append(origin, asks...)...); !c.Verdict.Admitted() {
		t.Errorf("a preflight: %q", c.Verdict.Code)
	}
	for name, c := range map[string]*gateway.Call{
		"without the method asked for": f.asked("OPTIONS", "/x", origin...),
		"without an origin":            f.asked("OPTIONS", "/x", asks...),
		"with another method":          f.asked("GET", "/x", append(origin, asks...)...),
		"with an odd path":             f.asked("OPTIONS", "/x/../y", append(origin, asks...)...),
	} {
		if c.Verdict.Admitted() {
			t.Errorf("%s: admitted", name)
		}
	}
}

func TestLEAK03APresentedKeyReachesTheUpstreamInNoPlace(t *testing.T) {
	t.Parallel()
	places := credential.Sources{{Kind: credential.Bearer}, {Kind: credential.Header, Name: "X-Api-Key"}, {Kind: credential.Query, Name: "api_key"}}
	f := setup(t, nil, with(func(c *gateway.Config) { c.Sources = places }))
	_, secret := f.key(nil)
	escaped := strings.ReplaceAll(secret, "_", "%5F")
	for name, headers := range map[string][]string{
		"bearer": {"Authorization", "Bearer " + secret},
		"header": {"X-Api-Key", secret},
	} {
		c := f.asked("GET", "/x?a=1;b="+escaped+"&c=3", append(headers, "Referer", "https://h/?k="+secret, "Cookie", "k="+escaped, "X-Kept", "yes")...)
		checkClean(t, name, c, secret)
		if got := c.Request.URL.RawQuery; got != "a=1&c=3" {
			t.Errorf("%s: the query is %q", name, got)
		}
	}
	checkClean(t, "query", f.asked("GET", "/x?a=1&api%5Fkey="+escaped+";b=2", "X-Kept", "yes"), secret)
	if c := f.asked("GET", "/x/"+escaped, "Authorization", "Bearer "+secret); c.Verdict.Code != problem.MultipleCredentials {
		t.Errorf("in the path as well: %q", c.Verdict.Code)
	}
	if c := f.asked("GET", "http://"+secret+":8080/x", "Authorization", "Bearer "+secret); c.Verdict.Code != problem.MultipleCredentials {
		t.Errorf("in the host as well: %q", c.Verdict.Code)
	}
}

func checkClean(t *testing.T, name string, c *gateway.Call, secret string) {
	t.Helper()
	if !c.Verdict.Admitted() {
		t.Errorf("%s: %q", name, c.Verdict.Code)
	}
	r := c.Request
	left := r.RequestURI + "\n" + r.URL.String()
	for header, values := range r.Header {
		left += "\n" + header + ": " + strings.Join(values, ", ")
	}
	if strings.Contains(left, secret) || strings.Contains(left, secret[8:]) || r.Header.Get("X-Kept") != "yes" {
		t.Errorf("%s: the upstream gets\n%s", name, left)
	}
}

func TestACredentialIsForwardedOnlyWhereTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	f := setup(t, closedRoute(), with(func(c *gateway.Config) { c.ForwardCredential, c.Site.DefaultAllow = true, true }))
	_, secret := f.key(nil)
	if c := f.asked("GET", "/x", "Authorization", "Bearer "+secret); c.Request.Header.Get("Authorization") == "" {
		t.Error("an admitted request lost its credential")
	}
	if c := f.asked("GET", "/closed", "Authorization", "Bearer "+secret); c.Request.Header.Get("Authorization") != "" {
		t.Error("a refused request kept its credential")
	}
}

func TestRefusalsSayWhereAKeyBelongs(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, with(func(c *gateway.Config) {
		c.Sources = credential.Sources{{Kind: credential.Header, Name: "X-Api-Key"}, {Kind: credential.Query, Name: "key"}}
	}))
	if text := f.gate.Problem(f.asked("GET", "/x")).Text(); !strings.Contains(text, "as X-Api-Key: YOUR_KEY or as ?key=YOUR_KEY") {
		t.Errorf("got %q", text)
	}
}

func TestKeysThatCarryAnOldScopePassForTheNewOne(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/x", Scopes: []string{"new"}}},
		with(func(c *gateway.Config) { c.Site.Aliases = map[string][]string{"new": {"older", "old"}} }))
	for scope, want := range map[string]problem.Code{"new": "", "old": "", "older": "", "other": problem.InsufficientScope} {
		_, secret := f.key(func(k *keys.Key) { k.Scopes = []string{scope} })
		if c := f.asked("GET", "/x", "Authorization", "Bearer "+secret); c.Verdict.Code != want {
			t.Errorf("a key with %s: %q, want %q", scope, c.Verdict.Code, want)
		}
	}
}

func TestWhatIsNoKeyOfOursIsLeftAloneByAGateThatObserves(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, with(func(c *gateway.Config) { c.Observe = true }))
	c := f.asked("GET", "/v1/x?t=a", "Authorization", "Bearer a", "Cookie", "session=a", "Content-Type", "application/json")
	if c.WouldDeny != problem.MalformedKey || len(c.Request.Header) != 3 || c.Request.URL.RawQuery != "t=a" {
		t.Errorf("would deny %q, left %v, query %q", c.WouldDeny, c.Request.Header, c.Request.URL.RawQuery)
	}
}

func TestLEAK03ASecretOfOursThatNobodyJudgesReachesTheUpstreamInNoPlaceEither(t *testing.T) {
	t.Parallel()
	places := credential.Sources{{Kind: credential.Bearer}, {Kind: credential.Header, Name: "X-Api-Key"}, {Kind: credential.Query, Name: "api_key"}}
	public := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/x", Public: true}}, with(func(c *gateway.Config) { c.Sources = places }))
	observing := setup(t, closedRoute(), with(func(c *gateway.Config) { c.Sources, c.Observe = places, true }))
	secret := public.format.Mint(keys.Live).Reveal()
	malformed, escaped := secret[:len(secret)-1]+"!", strings.ReplaceAll(secret, "_", "%5F")
	for name, f := range map[string]*fixture{"public": public, "observing": observing} {
		for _, headers := range [][]string{
			{"Authorization", "Bearer " + secret},
			{"Authorization", "Bearer " + secret, "X-Api-Key", secret},
			{"Authorization", "Basic " + escaped},
			{"X-Api-Key", escaped},
		} {
			c := f.asked("GET", "/x?a=1&b="+secret, append(headers, "Referer", "https://h/?k="+escaped, "X-Kept", "yes")...)
			checkClean(t, name, c, secret)
		}
		checkClean(t, name, f.asked("GET", "/x?api_key="+strings.ReplaceAll(escaped, "%", "%25"), "X-Kept", "yes"), secret)
		checkClean(t, name, f.asked("GET", "/x", "X-Api-Key", malformed, "Cookie", "k="+malformed, "X-Kept", "yes"), malformed)
		c := f.asked("GET", "/x", "Authorization", "Bearer ks_live", "Cookie", "k=ks_live")
		if len(c.Request.Header) != 2 {
			t.Errorf("%s: of what is no secret only %v is left", name, c.Request.Header)
		}
	}
	enforcing := setup(t, nil, with(func(c *gateway.Config) { c.Sources = places }))
	for _, headers := range [][]string{{"X-Api-Key", malformed}, {"X-Api-Key", secret, "Authorization", "Bearer " + malformed}} {
		c := enforcing.asked("GET", "/x?b="+malformed, append(headers, "Cookie", "k="+malformed)...)
		if len(c.Request.Header) != 0 || c.Request.URL.RawQuery != "" {
			t.Errorf("%q leaves %v and %q to whom errors are handed", c.Verdict.Code, c.Request.Header, c.Request.URL.RawQuery)
		}
	}
}

func TestATokenThatHappensToStandInThePathIsJustMalformed(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	if c := f.asked("GET", "/v1/x", "Authorization", "Bearer v1"); c.Verdict.Code != problem.MalformedKey {
		t.Errorf("got %q", c.Verdict.Code)
	}
}

// Caddy goes back to the original address in handle_errors, and hands
// it to FastCGI.
func TestLEAK02AKeyIsTakenOffTheOriginalAddressToo(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, with(func(c *gateway.Config) { c.Sources = credential.Sources{{Kind: credential.Query, Name: "k"}} }))
	_, secret := f.key(nil)
	r := httptest.NewRequest("GET", "/x?a=1&k="+secret+"&copy="+secret, http.NoBody)
	original := *r.URL
	c := &gateway.Call{Request: r, Original: &original}
	f.gate.Decide(c)
	f.gate.Strip(c)
	if !c.Verdict.Admitted() || original.RawQuery != "a=1" || r.URL.RawQuery != "a=1" {
		t.Errorf("%q: left %q and %q", c.Verdict.Code, original.RawQuery, r.URL.RawQuery)
	}
}
