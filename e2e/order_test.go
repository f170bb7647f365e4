package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// scene is a request with its key, both full of defects.
type scene struct {
	target string
	lines  func(secret string) []string
	key    keys.Key
	stored bool
}

// defects are mended one after the other, in the documented order: of all
// that are left, the first is the answer.
var defects = []struct {
	code string
	mend func(*scene)
}{
	{"ambiguous_path", func(s *scene) { s.target = "/unlisted" }},
	{"multiple_credentials", func(s *scene) { s.lines = func(string) []string { return []string{bearer("garbage")} } }},
	{"malformed_key", func(s *scene) { s.lines = func(secret string) []string { return []string{bearer(secret)} } }},
	{"unknown_key", func(s *scene) { s.stored = true }},
	{"revoked_key", func(s *scene) { s.key.Status = keys.Inactive }},
	{"expired_key", func(s *scene) { s.key.ExpiresAt = time.Time{} }},
	{"inactive_key", func(s *scene) { s.key.Status = keys.Active }},
	{"environment_not_allowed", func(s *scene) { s.key.Environment = keys.Live }},
	{"workspace_mismatch", func(s *scene) { s.key.Workspace = "default" }},
	{"route_not_allowed", func(s *scene) { s.target = "/projects/other" }},
	{"project_mismatch", func(s *scene) { s.target = "/projects/own" }},
	{"insufficient_scope", func(s *scene) { s.key.Scopes = []string{"read"} }},
	{"ip_not_allowed", func(s *scene) { s.key.AllowedIPs = nil }},
}

func TestFirstDefectIsTheAnswer(t *testing.T) {
	t.Parallel()
	t.Run("rule 5 defects mended one by one", mendOneByOne)
}

func mendOneByOne(t *testing.T) {
	g := setup(t, options{policy: "workspace default\nenvironment live\n" +
		"route GET /projects/{name} read {\n project {name}\n rate_limit live 1/d\n}"})
	g.must(nil, "workspaces", "create", "elsewhere")
	s := &scene{
		target: "//unlisted",
		lines:  func(string) []string { return []string{bearer("garbage"), bearer("garbage")} },
		key: keys.Key{
			Environment: keys.Test, Status: keys.Revoked, ExpiresAt: time.Now().Add(-time.Hour), Workspace: "elsewhere",
			Project: "own", AllowedIPs: []string{"192.0.2.1"},
		},
	}
	for _, defect := range defects {
		got := s.ask(g)
		if got.code() != defect.code {
			t.Fatalf("answered %v, want %s", got, defect.code)
		}
		wantRefusalForm(t, got)
		g.upstream.untouched(t)
		defect.mend(s)
	}

	// Limits come last, and no refusal has spent any.
	k := s.plant(g)
	tryAll(t, g, []attempt{
		{name: "rule 5 nothing is left", target: s.target, lines: []string{k.bearer()}, status: http.StatusOK},
		{name: "rule 5 limit", target: s.target, lines: []string{k.bearer()}, status: http.StatusTooManyRequests, code: "rate_limited"},
	})
	g.edit(k.ID, func(k *keys.Key) { k.AllowedIPs = []string{"192.0.2.1"} })
	g.soon(k, s.target, "ip_not_allowed")
}

func (s *scene) ask(g *gate) response {
	secret := drawSecret(s.key.Environment)
	if s.stored {
		secret = s.plant(g).Secret
	}
	return g.get(s.target, s.lines(secret)...)
}

func (s *scene) plant(g *gate) key {
	return g.plant(1, func(_ int, k *keys.Key) { *k = s.key })[0]
}

func TestRefusedRequestsSpendNoLimit(t *testing.T) {
	t.Parallel()
	g := setup(t, options{
		app:    "rate_limit live 3/d",
		policy: "route GET /read read\nroute GET /write write\nroute GET /dear read {\n rate_limit live 2/d\n cost 2\n}",
	})
	k := g.key("--scopes", "read")
	refusedOnes := []attempt{
		{name: "scope", target: "/write", status: http.StatusForbidden, code: "insufficient_scope"},
		{name: "route", target: "/unlisted", status: http.StatusForbidden, code: "route_not_allowed"},
		{name: "path", target: "//read", status: http.StatusBadRequest, code: "ambiguous_path"},
	}
	var attempts []attempt
	for range 3 {
		attempts = append(attempts, refusedOnes...)
	}
	attempts = append(attempts,
		attempt{name: "dear", target: "/dear", status: http.StatusOK},
		attempt{name: "dear again: refused by either limit, spends in none", target: "/dear",
			status: http.StatusTooManyRequests, code: "rate_limited"},
		attempt{name: "the third", target: "/read", status: http.StatusOK},
		attempt{name: "the fourth", target: "/read", status: http.StatusTooManyRequests, code: "rate_limited"},
	)
	for i := range attempts {
		attempts[i].lines = []string{k.bearer()}
	}
	tryAll(t, g, attempts)
}
