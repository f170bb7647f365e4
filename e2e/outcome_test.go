package e2e

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

var update = flag.Bool("update", false, "write the golden files anew")

const outcomePolicy = `
	workspace default
	environment live
	route GET /v1/items read
	route POST /v1/items write export {
		any_of billing owner
	}
	route GET /v1/projects/{name} {
		project {name}
	}
	route GET /v1/limited read {
		rate_limit live 1/h burst 2
		cost 2
	}`

// outcome is how one code comes about. A name is a code, with what tells it
// apart from others of the same code behind a dash.
type outcome struct {
	method, target string // empty: GET /v1/items
	lines          []string
	fill           func(*keys.Key) // of the key that is presented
	repeat         bool            // the second request is the one
}

func (o outcome) ask(g *gate, accept string) response {
	lines := o.lines
	if o.fill != nil {
		lines = []string{g.plant(1, func(_ int, k *keys.Key) {
			k.Scopes = []string{"read"}
			o.fill(k)
		})[0].bearer()}
	}
	ask := func() response {
		return g.ask(orElse(o.method, http.MethodGet), orElse(o.target, "/v1/items"), append(lines, accept)...)
	}
	if o.repeat {
		ask()
		g.upstream.one(g.t)
	}
	return ask()
}

// askAtOnce asks until a repeated request has come within the same second as
// the first, so that the seconds in the answer are always the same.
func (o outcome) askAtOnce(g *gate, accept string) response {
	for {
		began := time.Now()
		if got := o.ask(g, accept); !o.repeat || time.Since(began) < time.Second {
			return got
		}
	}
}

var outcomes = map[string]outcome{
	"ambiguous_path":                  {target: "/v1/../items", fill: func(*keys.Key) {}},
	"multiple_credentials":            {lines: []string{"Authorization: Bearer one", "Authorization: Bearer two"}},
	"missing_key":                     {},
	"malformed_key":                   {lines: []string{"Authorization: Bearer ks_live_garbage"}},
	"unknown_key":                     {lines: []string{"Authorization: Bearer ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"}},
	"inactive_key":                    {fill: func(k *keys.Key) { k.Status = keys.Inactive }},
	"revoked_key":                     {fill: func(k *keys.Key) { k.Status = keys.Revoked }},
	"expired_key":                     {fill: func(k *keys.Key) { k.ExpiresAt = time.Now().Add(-time.Hour) }},
	"jwt_not_supported":               {lines: []string{"Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."}},
	"insufficient_scope":              {fill: func(k *keys.Key) { k.Scopes = nil }},
	"insufficient_scope-alternatives": {method: http.MethodPost, fill: func(k *keys.Key) { k.Scopes = []string{"write"} }},
	"project_mismatch":                {target: "/v1/projects/other", fill: func(k *keys.Key) { k.Project = "own" }},
	"workspace_mismatch":              {fill: func(k *keys.Key) { k.Workspace = "elsewhere" }},
	"workspace_mismatch-project":      {target: "/v1/projects/theirs", fill: func(*keys.Key) {}},
	"environment_not_allowed":         {fill: func(k *keys.Key) { k.Environment = keys.Test }},
	"ip_not_allowed":                  {fill: func(k *keys.Key) { k.AllowedIPs = []string{"192.0.2.0/24"} }},
	"route_not_allowed":               {method: http.MethodDelete, fill: func(*keys.Key) {}},
	"rate_limited":                    {target: "/v1/limited", fill: func(*keys.Key) {}, repeat: true},
}

// setupOutcomes starts a gate that can give every outcome, once it knows of a
// project elsewhere.
func setupOutcomes(t *testing.T) *gate {
	t.Helper()
	g := setup(t, options{policy: outcomePolicy})
	g.must(nil, "workspaces", "create", "elsewhere")
	g.must(nil, "projects", "create", "theirs", "--workspace", "elsewhere")
	g.soon(g.key(), "/v1/projects/theirs", "workspace_mismatch")
	g.upstream.seen()
	return g
}

// TestEachOutcomeIsAnsweredAsDocumented compares whole answers with
// testdata/outcomes, byte for byte save what differs each time.
func TestEachOutcomeIsAnsweredAsDocumented(t *testing.T) {
	t.Parallel()
	g := setupOutcomes(t)
	for name, o := range outcomes {
		t.Run("RACE-05 "+name, func(t *testing.T) {
			wantOutcome(t, g, name, o)
		})
	}
	// The store fails last: nothing else can be asked then.
	t.Run("RACE-05 store_unavailable", func(t *testing.T) {
		g.breakStore()
		wantOutcome(t, g, "store_unavailable", outcome{lines: []string{bearer(drawSecret(keys.Live))}})
		says := "no such table: keys"
		if onServer(g.db) {
			says = "a table is missing"
		}
		if !strings.Contains(g.log(), says) {
			t.Error("the log doesn't say why keys can't be looked up")
		}
		g.mendStore()
		eventually(t, 5*time.Second, "the gate recovers by itself", func() bool {
			return g.get("/v1/items", bearer(drawSecret(keys.Live))).code() == "unknown_key"
		})
	})
}

func wantOutcome(t *testing.T, g *gate, name string, o outcome) {
	t.Helper()
	code, _, _ := strings.Cut(name, "-")
	for form, accept := range map[string]string{"json": "Accept: */*", "problem": "Accept: application/problem+json"} {
		before := g.decided(code)
		got := o.askAtOnce(g, accept)
		g.upstream.untouched(t)
		if got.code() != code {
			t.Errorf("answered %v, want %s", got, code)
		}
		if counted := g.decided(code) - before; counted != 1 && !o.repeat {
			t.Errorf("counted %v times as %s, want once", counted, code)
		}
		wantRefusalForm(t, got)
		wantReset(t, got)
		wantGolden(t, filepath.Join("testdata", "outcomes", name+"."+form), mask(got.raw))
	}
}

// wantReset checks the one figure that is masked: when the bucket is full.
func wantReset(t *testing.T, got response) {
	t.Helper()
	text := got.header.Get("X-RateLimit-Reset")
	if text == "" {
		return
	}
	reset, err := strconv.ParseInt(text, 10, 64)
	in := time.Until(time.Unix(reset, 0))
	if full := 2 * time.Hour; err != nil || in < full-time.Minute || in > full+time.Minute {
		t.Errorf("X-RateLimit-Reset %s is in %v, want about 2h", text, in)
	}
}

var differing = []struct {
	text *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`"request_id":"[^"]+"`), `"request_id":"REQUEST-ID"`},
	{regexp.MustCompile(`\r\nDate: [^\r]+`), "\r\nDate: DATE"},
	{regexp.MustCompile(`\r\nX-Ratelimit-Reset: \d+`), "\r\nX-Ratelimit-Reset: UNIX-SECONDS"},
}

// mask replaces what differs from one answer to the next.
func mask(raw string) string {
	for _, d := range differing {
		raw = d.text.ReplaceAllString(raw, d.as)
	}
	return raw
}

// wantGolden compares with a file in which lines end without a carriage
// return.
func wantGolden(t *testing.T, file, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\r\n", "\n")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
	}
}

// breakStore takes the table of keys away, as a fault that every read of a key
// meets and that can be mended.
func (g *gate) breakStore() { g.sql("ALTER TABLE keys RENAME TO keys_away") }

func (g *gate) mendStore() { g.sql("ALTER TABLE keys_away RENAME TO keys") }

func (g *gate) sql(statement string) {
	g.t.Helper()
	db, err := openSQL(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		g.t.Fatalf("%s: %v", statement, err)
	}
}
