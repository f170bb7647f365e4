package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// explanation is what `keystile explain` prints.
type explanation struct {
	Outcome string `json:"outcome"`
	KeyID   string `json:"key_id"`
	Steps   []struct {
		Step   string `json:"step"`
		Passed bool   `json:"passed"`
		Code   string `json:"code"`
	} `json:"steps"`
	Notes    []string     `json:"notes"`
	Recorded *explanation `json:"recorded"`
}

// last is the step that settles it.
func (e *explanation) last() string {
	if len(e.Steps) == 0 {
		return ""
	}
	return e.Steps[len(e.Steps)-1].Step
}

// explain asks the running gateway.
func (m *managed) explain(args ...string) (told explanation) {
	m.t.Helper()
	return m.explained(m.over(append([]string{"explain"}, args...)...), args)
}

// explainBeside asks nobody but the store.
func (m *managed) explainBeside(args ...string) (told explanation) {
	m.t.Helper()
	return m.explained(m.cli(append([]string{"explain"}, args...)...), args)
}

func (m *managed) explained(done command, args []string) (told explanation) {
	m.t.Helper()
	if err := json.Unmarshal([]byte(done.out), &told); err != nil || done.status != 0 {
		m.t.Fatalf("explain %v: %+v: %v", args, done, err)
	}
	return told
}

func TestExplainTellsWhatTheGateWouldAnswerAndSpendsNothing(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, options{global: "log {\n format keystile\n}", app: "rate_limit live 1/h burst 2\nquota 100/day", policy: `credential header X-Api-Key
		route GET /v1/items read
		route POST /v1/items write
		route GET /v1/mine read {
			project {query.project}
		}
		route GET /open public`})
	m.must(nil, "projects", "create", "p1")
	m.must(nil, "projects", "create", "p2")
	k, bound := m.key("--scopes", "read"), m.key("--scopes", "read", "--allowed-ips", "192.0.2.7", "--project", "p1")
	dead := m.revoked()
	eventually(t, startWithin, "the revocation is in force", func() bool { return m.get("/v1/items", "X-Api-Key: "+dead.Secret).code() == "revoked_key" })
	for _, c := range []struct{ outcome, last, args string }{
		{"allowed", "limits", "GET /v1/items --key " + k.ID},
		{"allowed", "limits", "GET /v1/items --key " + k.Secret},
		{"allowed", "credential", "GET /open"},
		{"missing_key", "credential", "GET /v1/items"},
		{"malformed_key", "credential", "GET /v1/items --key garbage"},
		{"unknown_key", "key", "GET /v1/items --key key_nobodys"},
		{"revoked_key", "status", "GET /v1/items --key " + dead.ID},
		{"insufficient_scope", "scopes", "POST /v1/items --key " + k.ID},
		{"route_not_allowed", "listed", "GET /v1/other --key " + k.ID},
		{"ambiguous_path", "target", "GET /v1//items --key " + k.ID},
		{"ip_not_allowed", "address", "GET /v1/items --key " + bound.ID},
		{"allowed", "limits", "GET /v1/items --address 192.0.2.7 --key " + bound.ID},
		{"allowed", "limits", "GET /v1/mine?project=p1 --address 192.0.2.7 --key " + bound.ID},
		{"project_mismatch", "project", "GET /v1/mine?project=p2 --address 192.0.2.7 --key " + bound.ID},
	} {
		for how, told := range map[string]explanation{
			"by the gateway": m.explain(strings.Fields(c.args)...), "on the store": m.explainBeside(strings.Fields(c.args)...),
		} {
			if told.Outcome != c.outcome || told.last() != c.last || told.Steps[len(told.Steps)-1].Passed != (c.outcome == "allowed") {
				t.Errorf("explain %s, %s: %+v, want %s by %s", c.args, how, told, c.outcome, c.last)
			}
			if guesses := how == "on the store" && c.last == "limits"; (len(told.Notes) > 0) != guesses {
				t.Errorf("explain %s, %s, notes %q", c.args, how, told.Notes)
			}
		}
	}
	header := "X-Api-Key: " + k.Secret
	for _, left := range []string{"1", "0"} {
		got := m.get("/v1/items", header)
		if got.status != http.StatusOK || got.header.Get("X-RateLimit-Remaining") != left {
			t.Errorf("answered %v, %s left, want %s", got, got.header.Get("X-RateLimit-Remaining"), left)
		}
	}
	for _, by := range []string{k.ID, k.Secret} {
		if told := m.explain("GET", "/v1/items", "--key", by); told.Outcome != "rate_limited" || told.KeyID != k.ID {
			t.Errorf("the bucket is empty, and explain says %+v", told)
		}
	}
	eventually(t, startWithin, "the calls are counted", func() bool { return m.used(k.ID).TotalCalls == 2 })
	if used := m.used(bound.ID).TotalCalls; used != 0 {
		t.Errorf("explanations were counted as %d calls", used)
	}
	m.wantBeside(k.ID)
}

func (g *gate) countsInRedis() bool { return strings.HasPrefix(g.options.limiter, "redis") }

// wantBeside looks at a key's empty bucket from beside the gateway: it is empty
// where it is in Redis, and else taken as full.
func (m *managed) wantBeside(id string) {
	m.t.Helper()
	want := "allowed"
	if m.countsInRedis() {
		want = "rate_limited"
	}
	eventually(m.t, startWithin, "the explanation on the store is "+want, func() bool {
		told := m.explainBeside("GET", "/v1/items", "--key", id)
		return told.Outcome == want && len(told.Notes) == 2
	})
}
