package e2e

import (
	"net/http"
	"strings"
	"testing"
)

const asksHere = "trusted 127.0.0.1"

func TestVerifyBelievesTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	policy := "route GET /public public\nroute GET /v1/items read"
	byCaddy := options{policy: policy, global: "servers {\n trusted_proxies static 127.0.0.3/32\n}"}
	for name, one := range map[string]struct {
		o        options
		lines    string
		believed string // the address that is
	}{
		"by default nobody":        {o: options{policy: policy}},
		"trusted":                  {o: options{policy: policy}, lines: "trusted 127.0.0.2 10.0.0.0/8", believed: "127.0.0.2"},
		"trusted_proxies":          {o: byCaddy, believed: "127.0.0.3"},
		"trusted in place of them": {o: byCaddy, lines: "trusted 127.0.0.2", believed: "127.0.0.2"},
	} {
		t.Run("HDR-08 "+name, func(t *testing.T) {
			t.Parallel()
			a := setupAsked(t, one.o, one.lines)
			k := a.key("--scopes", "read", "--allowed-ips", "192.0.2.7")
			for _, from := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
				a.from = from
				if from == one.believed {
					wantIdentity(t, from, a.about("GET", "/public"), nil)
					wantIdentity(t, from, a.about("HEAD", "/v1/items", k.bearer()), k.identity("read"))
					continue
				}
				wantRefused(t, from, a.about("GET", "/public"), http.StatusBadRequest, "ambiguous_path")
				wantRefused(t, from, a.about("GET", "/v1/items", k.bearer()), http.StatusBadRequest, "ambiguous_path")
			}
			if log := a.log(); strings.Count(log, "it is no trusted proxy") > 1 {
				t.Errorf("each request complains:\n%s", log)
			}
		})
	}
}

// identity is what is told of a key of the default workspace with these scopes.
func (k key) identity(scopes string) map[string]string {
	return map[string]string{"Key-Id": k.ID, "Workspace": "default", "Environment": "live", "Scopes": scopes, "Owner": k.Owner}
}

func TestHDR09AnAllowedAnswerOfVerifyHasEveryIdentityHeader(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: "route GET /public public\nroute POST /v1/items\nroute * /v1/{project}/x {\n project {project}\n}"}, asksHere)
	k := a.key()
	a.must(nil, "projects", "create", "p1")
	bound := a.key("--project", "p1", "--scopes", "read,write")
	wantIdentity(t, "no project and no profile", a.about("POST", "/v1/items", k.bearer()), k.identity(""))
	wantIdentity(t, "no key", a.about("GET", "/public"), nil)
	of := bound.identity("read write")
	of["Project"], of["Owner"] = "p1", ""
	got := a.about("GET", "/v1/p1/x", bound.bearer())
	of["Owner"] = got.header.Get("Keystile-Owner")
	wantIdentity(t, "a project", got, of)
	wantRefused(t, "another project", a.about("GET", "/v1/p2/x", bound.bearer()), http.StatusForbidden, "project_mismatch")
	eventually(t, startWithin, "the calls are counted", func() bool { return a.used(k.ID).TotalCalls == 1 && a.used(bound.ID).TotalCalls == 1 })
}

func TestHDR10VerifyRefusesTargetsWithTwoReadings(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: "route * /* read"}, asksHere)
	k := a.key("--scopes", "read")
	for _, target := range []string{
		"//v1/items", "/v1//items", "/v1%2fitems", "/v1%2Fitems", "/v1/../items", "/v1/./items", "/v1/%2e%2e/items", "/..", "/v1\\items", "/v1%5citems",
		"/v1/%00", "/v1/%252e", "/v1/a#b", "/v1/%23", "/v1/a%3fb", "/%c0%ae", "*", "v1/items", "http:evil/x", "ftp://h/v1/items", "/v1 /items", "/public, /v1/items",
	} {
		wantRefused(t, target, a.about("GET", target, k.bearer()), http.StatusBadRequest, "ambiguous_path")
	}
	wantRefused(t, "a tunnel", a.about("CONNECT", "/v1/items", k.bearer()), http.StatusBadRequest, "ambiguous_path")
}

func TestVerifyRefusesWhatItIsNotToldOrToldInTwoWays(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: "route GET /public public\nroute GET /v1/items read"}, asksHere)
	const method, uri = "X-Forwarded-Method: GET", "X-Forwarded-Uri: /public"
	for said, lines := range map[string][]string{
		"X-Forwarded-Method or X-Original-Method is missing": {uri},
		"X-Forwarded-Uri or X-Original-Uri is missing":       {method},
		"X-Forwarded-Method stands there 2 times":            {method, method, uri},
		"X-Forwarded-Uri stands there 2 times":               {method, uri, uri},
		"X-Forwarded-Uri and X-Original-Uri differ":          {method, uri, "X-Original-URI: /v1/items"},
		"X-Forwarded-Uri and X-Original-Url differ":          {method, uri, "X-Original-URL: https://api.example/v1/items"},
		"X-Forwarded-Method and X-Original-Method differ":    {method, uri, "X-Original-Method: POST"},
	} {
		got := a.with(lines...)
		wantRefused(t, said, got, http.StatusBadRequest, "ambiguous_path")
		if !strings.Contains(got.body, said) {
			t.Errorf("%s: answered %v", said, got)
		}
	}
	wantIdentity(t, "both families, agreed", a.with(method, uri, "X-Original-Method: GET", "X-Original-URI: /public"), nil)
	wantIdentity(t, "ingress-nginx", a.with("X-Original-Method: GET", "X-Original-URL: https://api.example/public"), nil)
	if log := a.log(); !strings.Contains(log, "keystile_verify is asked about a request that it isn't told of") {
		t.Errorf("the operator isn't told:\n%s", log)
	}
}
