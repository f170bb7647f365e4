package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// requestID is what a refused caller is told.
func (r response) requestID() string {
	var body struct {
		Error struct {
			RequestID string `json:"request_id"`
		}
	}
	_ = json.Unmarshal([]byte(r.body), &body) // there is none, then
	return body.Error.RequestID
}

// A customer sends the body of a refusal, and the operator pastes its ID.
func TestTheIDOfARefusalFindsItsExplanation(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, options{
		global: "log {\n format keystile\n}", app: "rate_limit live 1/h burst 1",
		policy: "route GET /v1/items read\nroute POST /v1/items write\nroute GET /v1/{project}/sums read {\n project {project}\n}",
	})
	m.must(nil, "projects", "create", "p1")
	k := m.key("--scopes", "read", "--project", "p1")
	m.get("/v1/items", k.bearer())
	ids := map[string]string{
		"rate_limited":       m.get("/v1/items?secret=in-the-query", k.bearer()).requestID(),
		"insufficient_scope": m.ask("POST", "/v1/items", k.bearer()).requestID(),
		"project_mismatch":   m.get("/v1/customer-482913/sums", k.bearer()).requestID(),
		"missing_key":        m.get("/v1/items").requestID(),
		"malformed_key":      m.get("/v1/items", "Authorization: Bearer pasted-by-mistake").requestID(),
	}
	found := func(id string) bool { return m.over("explain", "--request", id).status == 0 }
	for code, id := range ids {
		eventually(t, startWithin, "the refusal is written", func() bool { return found(id) })
		for how, told := range map[string]explanation{"by the gateway": m.explain("--request", id), "on the store": m.explainBeside("--request", id)} {
			then := told.Recorded
			if then == nil || then.Outcome != code || then.Steps[len(then.Steps)-1].Code != code {
				t.Errorf("%s, %s: then %+v", code, how, then)
				continue
			}
			now := code
			switch {
			case code == "malformed_key":
				now = "" // nobody knows what it was
			case code == "rate_limited" && how == "on the store" && !m.countsInRedis():
				now = "allowed" // the bucket is taken as full
			}
			if told.Outcome != now {
				t.Errorf("%s, %s: now %+v, want %q", code, how, told, now)
			}
			if then.KeyID != k.ID && !strings.HasSuffix(code, "_key") {
				t.Errorf("%s, %s: of %q", code, how, then.KeyID)
			}
		}
	}
	m.wantForeignRefusals(ids["rate_limited"], ids["missing_key"])
	m.wantNowhere("in-the-query", "pasted-by-mistake", "customer-482913")
}

// wantForeignRefusals asks with a token of the key's workspace, and with one of
// another.
func (m *managed) wantForeignRefusals(ofKey, ofNobody string) {
	m.t.Helper()
	m.must(nil, "workspaces", "create", "rivals")
	for workspace, sees := range map[string][]string{"default": {ofKey}, "rivals": nil} {
		token := m.newToken("of "+workspace, "--workspace", workspace)
		for _, id := range []string{ofKey, ofNobody, "none-of-ours"} {
			done := m.over("explain", "--request", id, "--token", token)
			if known := len(sees) > 0 && id == sees[0]; known && done.status != 0 || !known && !done.failed(1, "No refusal with this request_id is known here") {
				m.t.Errorf("%s to %s: %+v", id, workspace, done)
			}
		}
	}
}

// wantNowhere searches the database for texts that no file of it may hold.
func (m *managed) wantNowhere(texts ...string) {
	m.t.Helper()
	if onServer(m.db) {
		return
	}
	for _, file := range []string{m.db, m.db + "-wal"} {
		body, err := os.ReadFile(file)
		if err != nil {
			m.t.Error(err)
		}
		for _, text := range texts {
			if bytes.Contains(body, []byte(text)) {
				m.t.Errorf("%s holds %q", file, text)
			}
		}
	}
}

// Two gates stand under one host, and nothing but their names tells them apart.
func TestAGateIsAskedByItsName(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, options{sites: `http://twice.example:$PORT {
		bind 127.0.0.1
		handle /a/* {
			keystile {
				route GET /a/x read
			}
		}
		handle /b/* {
			keystile_verify {
				route GET /a/x write
			}
		}
	}`})
	k := m.key("--scopes", "read")
	var routes struct{ Gates []struct{ Place string } }
	m.must(&routes, "routes")
	outcomes := map[string]int{}
	for _, gate := range routes.Gates {
		for _, told := range []explanation{
			m.explain("GET", "/a/x", "--key", k.ID, "--gate", gate.Place), m.explainBeside("GET", "/a/x", "--key", k.ID, "--gate", gate.Place),
		} {
			outcomes[told.Outcome]++
		}
	}
	if len(routes.Gates) != 3 || outcomes["allowed"] != 4 || outcomes["insufficient_scope"] != 2 {
		t.Errorf("%+v: %v", routes, outcomes)
	}
	args := []string{"explain", "GET", "/a/x", "--key", k.ID, "--host", "twice.example"}
	for _, done := range []command{m.over(args...), m.cli(args...)} {
		if !done.failed(1, "Name it as gate: ") || !strings.Contains(done.err, "/a/*; ") || !strings.Contains(done.err, "/b/*.") {
			t.Errorf("%+v", done)
		}
	}
}
