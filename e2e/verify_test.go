package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// manager speaks to the management API of a gate.
type manager struct {
	g      *gate
	addr   string
	secret string
	ports  []string // of the two gates of ported.example
}

// verification is what `POST /v1/keys/verify` answers.
type verification struct {
	Valid         bool     `json:"valid"`
	Code          string   `json:"code"`
	KeyID         string   `json:"key_id"`
	Environment   string   `json:"environment"`
	Project       string   `json:"project"`
	Scopes        []string `json:"scopes"`
	MissingScopes []string `json:"missing_scopes"`
	RetryAfter    int64    `json:"retry_after"`
	RateLimit     []struct {
		Name                    string
		Limit, Remaining, Reset int64
	} `json:"ratelimit"`
}

// post sends a JSON document; the answer goes into the value that `into`
// points to.
func (m *manager) post(path string, document, into any) int {
	m.g.t.Helper()
	body, err := json.Marshal(document)
	if err != nil {
		m.g.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), exchangeWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.addr+path, bytes.NewReader(body))
	if err != nil {
		m.g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+m.secret)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		m.g.t.Fatal(err)
	}
	defer got.Body.Close()
	if err := json.NewDecoder(got.Body).Decode(into); err != nil {
		m.g.t.Fatal(err)
	}
	return got.StatusCode
}

// verify asks about a key; fields come in pairs.
func (m *manager) verify(secret string, fields ...any) (verification, int) {
	m.g.t.Helper()
	ask := map[string]any{"key": secret}
	for pair := range slices.Chunk(fields, 2) {
		ask[pair[0].(string)] = pair[1]
	}
	var got verification
	status := m.post("/v1/keys/verify", ask, &got)
	return got, status
}

// setupVerify starts a gate with more of them on other hosts, and a management
// API.
func setupVerify(t *testing.T) (*gate, *manager) {
	t.Helper()
	addr, ports := freeAddr(t), []string{portOf(freeAddr(t)), portOf(freeAddr(t))}
	g := setup(t, options{
		app: "scope read\nscope write\nrate_limit live 1/h burst 5",
		policy: `route GET /v1/{project}/x read {
			project {project}
		}
		route POST /v1/x write`,
		sites: `http://other.example:$PORT {
			bind 127.0.0.1
			keystile {
				environment test
				route GET /v1/x read
			}
			reverse_proxy $UPSTREAM
		}
		http://*.wide.example:$PORT {
			bind 127.0.0.1
			handle /a/* {
				keystile
				reverse_proxy $UPSTREAM
			}
			handle /b/* {
				keystile
				reverse_proxy $UPSTREAM
			}
		}
		http://ported.example:` + ports[0] + ` {
			bind 127.0.0.1
			keystile {
				route GET /first
			}
			reverse_proxy $UPSTREAM
		}
		http://ported.example:` + ports[1] + ` {
			bind 127.0.0.1
			keystile {
				route GET /second
			}
			reverse_proxy $UPSTREAM
		}
		http://` + addr + ` {
			keystile_admin
		}`,
	})
	return g, &manager{g, addr, g.newToken(), ports}
}

// portOf is the port of an address.
func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func TestVerifyDecidesAsTheGateOfThatHostWould(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	live, weak, other := g.key("--scopes", "read,write"), g.key("--scopes", "read"), g.key("--scopes", "read", "--environment", "test")
	for _, c := range []struct {
		secret, host, method, path, want string
	}{
		{live.Secret, "127.0.0.1", "POST", "/v1/x", "allowed"},
		{weak.Secret, "127.0.0.1", "POST", "/v1/x", "insufficient_scope"},
		{live.Secret, "127.0.0.1", "GET", "/v1/p1/x", "allowed"},
		{live.Secret, "127.0.0.1", "GET", "/v1/p1%2fx", "ambiguous_path"},
		{live.Secret, "other.example", "", "/v1/x", "environment_not_allowed"},
		{other.Secret, "OTHER.example:8080", "", "/v1/x", "allowed"},
		{other.Secret, "other.example", "DELETE", "/v1/x", "route_not_allowed"},
		{live.Secret, "ported.example:" + m.ports[0], "GET", "/first", "allowed"},
		{live.Secret, "ported.example:" + m.ports[1], "GET", "/first", "route_not_allowed"},
		{live.Secret, "ported.example:" + m.ports[1], "GET", "/second", "allowed"},
		{g.revoked().Secret, "127.0.0.1", "POST", "/v1/x", "revoked_key"},
		{"nonsense", "127.0.0.1", "POST", "/v1/x", "malformed_key"},
		{m.secret, "127.0.0.1", "POST", "/v1/x", "malformed_key"},
	} {
		fields := []any{"host", c.host, "path", c.path}
		if c.method != "" {
			fields = append(fields, "method", c.method)
		}
		got, status := m.verify(c.secret, fields...)
		if status != http.StatusOK || got.Code != c.want || got.Valid != (c.want == "allowed") {
			t.Errorf("%s %s%s: %d, valid %v, %q, want %q", c.method, c.host, c.path, status, got.Valid, got.Code, c.want)
		}
	}
	g.upstream.untouched(t)
}

func TestVerifySaysWhoseKeyItIsAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	k := g.key("--scopes", "read")
	got, _ := m.verify(k.Secret, "cost", 3)
	if !got.Valid || got.KeyID != k.ID || got.Environment != "live" || !slices.Equal(got.Scopes, []string{"read"}) {
		t.Errorf("%+v", got)
	}
	if len(got.RateLimit) != 1 || got.RateLimit[0].Limit != 5 || got.RateLimit[0].Remaining != 2 {
		t.Errorf("ratelimit: %+v, want 2 of 5 left", got.RateLimit)
	}
	if got, _ = m.verify(k.Secret, "scopes", []string{"read", "write"}); got.Code != "insufficient_scope" || !slices.Equal(got.MissingScopes, []string{"write"}) {
		t.Errorf("with a scope that it lacks: %+v", got)
	}
	// What was spent here is spent at the gate, too: of 5, 2 are left.
	for i, want := range []int{200, 200, 429} {
		if got := g.get("/v1/p1/x", k.bearer()); got.status != want {
			t.Errorf("call %d at the gate: %s, want %d", i+1, got, want)
		}
	}
	if got, _ = m.verify(k.Secret); got.Code != "rate_limited" || got.RetryAfter < 1 {
		t.Errorf("with nothing left: %+v", got)
	}
	eventually(t, startWithin, "three calls are counted", func() bool { return g.used(k.ID).TotalCalls == 3 })
}

func TestVerifyKnowsNoKeyOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	g.must(nil, "workspaces", "create", "rivals")
	foreign := g.key("--workspace", "rivals")
	got, status := m.verify(foreign.Secret)
	if status != http.StatusOK || got.Code != "unknown_key" || got.KeyID != "" || len(got.Scopes) != 0 {
		t.Errorf("%d %+v", status, got)
	}
}

func TestVerifyTellsOfNoOtherProjectThanTheKeys(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	g.must(nil, "projects", "create", "apollo")
	k, wide := g.key("--scopes", "read", "--project", "apollo"), g.key("--scopes", "read")
	for _, c := range []struct{ secret, path, code, project string }{
		{k.Secret, "/v1/apollo/x", "allowed", "apollo"}, {k.Secret, "/v1/gemini/x", "project_mismatch", "apollo"},
		{wide.Secret, "/v1/gemini/x", "allowed", "gemini"}, {wide.Secret, "/v1/?x/x", "ambiguous_path", ""},
	} {
		got, status := m.verify(c.secret, "host", "127.0.0.1", "path", strings.ReplaceAll(c.path, "?", "%3f"))
		if status != http.StatusOK || got.Code != c.code || got.Project != c.project {
			t.Errorf("%s: %d %+v, want %s and the project %q", c.path, status, got, c.code, c.project)
		}
	}
}

func TestVerifyIsRefusedAsEveryOtherCall(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	const ask = `{"key":"ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"}`
	d.wantRefused(d.do(http.MethodPost, "/v1/keys/verify?workspace=nobodys", ask), http.StatusNotFound, "not_found")
	d.of("rivals")
	for who, code := range map[string]string{d.newToken(): "workspace_mismatch", d.newKey(`"scopes":["all"]`).Secret: "workspace_mismatch"} {
		d.wantRefused(d.as(who).do(http.MethodPost, "/v1/keys/verify?workspace=rivals", ask), http.StatusForbidden, code)
	}
	d.wantRefused(d.as(d.newKey(`"scopes":["all"]`).Secret).do(http.MethodPost, "/v1/keys/verify", ask), http.StatusForbidden, "not_permitted")
	if refused := d.trail("?action=key.verify.refused"); len(refused) != 3 {
		t.Errorf("the audit trail has %+v", refused)
	}
}

func TestVerifyRefusesQuestionsThatHaveNoAnswer(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	k := g.key("--scopes", "read")
	for name, c := range map[string]struct {
		fields []any
		param  string
	}{
		"several gates and no host": {[]any{"path", "/v1/x"}, "host"},
		"several gates on a host":   {[]any{"path", "/a/x", "host", "a.wide.example"}, "host"},
		"several ports and none":    {[]any{"path", "/first", "host", "ported.example"}, "host"},
		"a host without a path":     {[]any{"host", "other.example"}, "path"},
		"no path":                   {[]any{"path", "v1/x", "host", "other.example"}, "path"},
		"no cost":                   {[]any{"cost", 0}, "cost"},
		"a huge cost":               {[]any{"cost", 1 << 40}, "cost"},
		"no address":                {[]any{"client", "here"}, "client"},
		"no key":                    {[]any{"key", ""}, "key"},
	} {
		ask := map[string]any{"key": k.Secret}
		for pair := range slices.Chunk(c.fields, 2) {
			ask[pair[0].(string)] = pair[1]
		}
		var got struct{ Error struct{ Code, Param string } }
		if status := m.post("/v1/keys/verify", ask, &got); status != 422 || got.Error.Code != "invalid_request" || got.Error.Param != c.param {
			t.Errorf("%s: %d %+v, want param %s", name, status, got.Error, c.param)
		}
	}
}

func TestVerifyHoldsAddressesAgainstTheOneThatIsTold(t *testing.T) {
	t.Parallel()
	g, m := setupVerify(t)
	bound := g.key("--allowed-ips", "192.0.2.0/24")
	for client, want := range map[string]string{"": "ip_not_allowed", "198.51.100.1": "ip_not_allowed", "192.0.2.7": "allowed", "::ffff:192.0.2.8": "allowed"} {
		if got, _ := m.verify(bound.Secret, "client", client); got.Code != want {
			t.Errorf("from %q: %s, want %s", client, got.Code, want)
		}
	}
}

// revoked is a key that was.
func (g *gate) revoked() key {
	g.t.Helper()
	k := g.key("--scopes", "read,write")
	g.must(nil, "keys", "revoke", k.ID)
	return k
}

// Gates with equal routes have buckets of their own, also before the first
// request tells them apart.
func TestVerificationsTakeFromTheLimitsOfTheGateThatTheyNameAlone(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	site := func(host string) string {
		return "http://" + host + ":$PORT {\nbind 127.0.0.1\nkeystile {\nroute GET /x {\nrate_limit live 1/h\n}\n}\nreverse_proxy $UPSTREAM\n}\n"
	}
	g := setup(t, options{sites: site("a.example") + site("b.example") + "http://" + addr + " {\nkeystile_admin\n}"})
	var token key
	g.must(&token, "tokens", "create", "verifier")
	g.secret(token.Secret)
	m, k := &manager{g: g, addr: addr, secret: token.Secret}, g.key()
	for _, row := range []struct {
		host  string
		valid bool
	}{{"a.example", true}, {"b.example", true}, {"a.example", false}, {"b.example", false}} {
		if got, _ := m.verify(k.Secret, "host", row.host, "method", "GET", "path", "/x"); got.Valid != row.valid {
			t.Errorf("%s: %+v, want valid: %v", row.host, got, row.valid)
		}
	}
}
