package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

type pageExample struct {
	id, request string
	show        []string
}

// pageExamples has an example for each call of the page: a request as in
// matrixRows, with header lines between. Of an answer, the members in show are
// shown; nil: all.
var pageExamples = []pageExample{
	{id: "create-key", request: `POST /v1/keys Idempotency-Key:_nightly-1 {"name":"Nightly export","scopes":["read"],"expires_in":"90d","metadata":{"team":"blue"}}`},
	{id: "list-keys", request: "GET /v1/keys?status=active&q=nightly&limit=10", show: []string{"id", "name", "hint", "status"}},
	{id: "show-key", request: "GET /v1/keys/$KEY", show: []string{"id", "name", "last_used_at", "total_calls"}},
	{
		id: "edit-key", request: `PATCH /v1/keys/$KEY If-Match:_* {"description":"For the warehouse","expires_at":null,"status":"inactive","reason":"not needed in winter"}`,
		show: []string{"id", "description", "expires_at", "status"},
	},
	{id: "revoke-key", request: `POST /v1/keys/$KEY/revoke {"reason":"found in a repository"}`, show: []string{"id", "status", "receipt"}},
	{id: "reactivate-key", request: "POST /v1/keys/$KEY/reactivate", show: []string{"id", "status"}},
	{id: "rotate-key", request: `POST /v1/keys/$KEY/rotate Idempotency-Key:_rotation-1 {"grace":"2h"}`, show: []string{"id", "status", "replaces", "secret"}},
	{id: "delete-key", request: "DELETE /v1/keys/$KEY"},
	{id: "key-usage", request: "GET /v1/keys/$KEY/usage?by=endpoint&from=7d"},
	{id: "key-activity", request: "GET /v1/keys/$KEY/activity?limit=10"},
	{id: "verify-key", request: `POST /v1/keys/verify {"key":"$SECRET","scopes":["read"]}`},
	{id: "look-up-secret", request: `POST /v1/secrets/lookup {"secret":"$SECRET"}`},
	{id: "list-gates", request: "GET /v1/gates"},
	{id: "explain-request", request: `POST /v1/explain {"key":"$SECRET","method":"POST","path":"/v1/projects"}`},
	{id: "report-refusals", request: "GET /v1/report?from=24h"},
	{id: "list-audit", request: "GET /v1/audit?key_id=$KEY&from=30d&limit=10"},
	{id: "create-token", request: `POST /v1/tokens {"name":"Deployment","expires_in":"365d"}`},
	{id: "list-tokens", request: "GET /v1/tokens"},
	{id: "delete-token", request: "DELETE /v1/tokens/$TOKEN"},
	{id: "create-workspace", request: `POST /v1/workspaces {"name":"acme"}`},
	{id: "list-workspaces", request: "GET /v1/workspaces"},
	{id: "edit-workspace", request: `PATCH /v1/workspaces/$WORKSPACE {"plan":"big"}`},
	{id: "create-project", request: `POST /v1/projects {"name":"apollo"}`},
	{id: "list-projects", request: "GET /v1/projects"},
	{id: "delete-project", request: "DELETE /v1/projects/$PROJECT"},
	{id: "create-profile", request: `POST /v1/profiles {"name":"strict"}`},
	{id: "list-profiles", request: "GET /v1/profiles"},
	{id: "delete-profile", request: "DELETE /v1/profiles/$PROFILE"},
	{id: "list-plans", request: "GET /v1/plans"},
	{id: "list-scopes", request: "GET /v1/scopes"},
}

// example runs a request in an API of its own, and shows it with its answer.
func (p *page) example(t *testing.T, request string, show []string) {
	t.Helper()
	m := &matrix{fixture: setup(t)}
	m.furnish(t)
	parts := strings.SplitN(request, " ", 3)
	var headers []string
	body := ""
	if len(parts) == 3 {
		body = parts[2]
	}
	if head, rest, found := strings.Cut(body, " "); found && !strings.HasPrefix(body, "{") {
		headers, body = []string{strings.ReplaceAll(head, "_", " ")}, rest
	}
	target := parts[1]
	if strings.HasSuffix(target, "/reactivate") {
		target = strings.Replace(target, "$KEY", "$PAUSED", 1)
	}
	target = m.fill(t, target)
	if id := regexp.MustCompile(`key_\w+`).FindString(target); id != "" {
		m.use(t, keys.ID(id))
	}
	sent := body
	if strings.Contains(body, "$SECRET") {
		sent = strings.ReplaceAll(body, "$SECRET", m.aNewKey(t).Secret.Reveal())
	}
	got := m.do(t, parts[0], target, sent, append(headers, as(m.operator))...)
	if got.StatusCode > 299 {
		t.Errorf("%s: %d %s", request, got.StatusCode, got.text)
	}
	p.WriteString("\n```sh\n" + curl(parts[0], parts[1], body, headers) + "```\n")
	p.answer(got, show)
}

// furnish makes something to list.
func (m *matrix) furnish(t *testing.T) {
	t.Helper()
	m.use(t, m.aKey(t).ID)
	_, noProject := m.manager.CreateProject(t.Context(), m.command, manage.NewProject{Name: "gemini"})
	_, noProfile := m.manager.CreateProfile(t.Context(), m.command, manage.NewProfile{Name: "calm"})
	if err := errors.Join(noProject, noProfile); err != nil {
		t.Fatal(err)
	}
}

func curl(method, target, body string, headers []string) string {
	var out strings.Builder
	out.WriteString("curl")
	if method != http.MethodGet && (method != http.MethodPost || body == "") {
		out.WriteString(" -X " + method)
	}
	fmt.Fprintf(&out, " \"$KEYSTILE_API%s\" -H \"Authorization: Bearer $KEYSTILE_TOKEN\"", target)
	for _, header := range headers {
		fmt.Fprintf(&out, " \\\n  -H '%s'", header)
	}
	if body != "" { // what a variable holds is beside the quotes
		fmt.Fprintf(&out, " \\\n  --json '%s'", strings.ReplaceAll(body, "$SECRET", `'"$SECRET"'`))
	}
	return out.String() + "\n"
}

// use has a key used, as a gate would.
func (m *matrix) use(t *testing.T, id keys.ID) {
	t.Helper()
	m.uses++
	hour := start.Truncate(time.Hour)
	err := m.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: m.uses, Cells: []storage.UsageCell{
		{KeyID: id, Hour: hour, Endpoint: "GET /v1/projects", Outcome: "2xx", Count: 41, Last: start.Add(-time.Minute)},
		{KeyID: id, Hour: hour, Endpoint: "POST /v1/projects", Outcome: "insufficient_scope", Denied: true, Count: 2, Last: start.Add(-time.Hour)},
	}, Calls: []storage.NotedCall{
		{KeyID: id, At: start.Add(-time.Hour), Method: "POST", Endpoint: "POST /v1/projects", Status: 403, Denied: "insufficient_scope", Client: "192.0.2.7"},
		{KeyID: id, At: start.Add(-time.Minute), Method: "GET", Endpoint: "GET /v1/projects", Status: 200, Client: "192.0.2.7"},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// drawn are the parts of an answer that are another in each run.
var drawn = []struct{ pattern, instead string }{
	{`key_[0-9A-Za-z]{22}`, "key_0a1b2c3d4e5f6g7h8i9j0k"}, {`tok_[0-9A-Za-z]{22}`, "tok_0a1b2c3d4e5f6g7h8i9j0k"}, {`aud_[0-9a-z]{26}`, "aud_0a1b2c3d4e5f6g7h8i9j0k1l2m"},
	{`ks_live_[0-9A-Za-z]{36}`, "ks_live_…"}, {`kst_[0-9A-Za-z]{36}`, "kst_…"}, {`ks_live_[0-9A-Za-z]{3}…[0-9A-Za-z]{4}`, "ks_live_abc…wxyz"}, {`kst_[0-9A-Za-z]{3}…[0-9A-Za-z]{4}`, "kst_abc…wxyz"},
	{`T[0-9:]+\.[0-9]+Z`, "T12:00:00Z"}, {`20[0-9-]+T12:00:00Z`, "2026-11-22T12:00:00Z"},
	{`("name": "default",\s+"plan": "big",\s+"plan_configured": true,\s+"created_at": ")[^"]+`, "${1}2026-11-22T12:00:00Z"}, // which may be whole seconds
}

func steady(text string) string {
	for _, part := range drawn {
		text = regexp.MustCompile(part.pattern).ReplaceAllString(text, part.instead)
	}
	return text
}

func (p *page) answer(got response, show []string) {
	p.WriteString("\n```http\n")
	fmt.Fprintf(p, "HTTP/1.1 %d %s\n", got.StatusCode, http.StatusText(got.StatusCode))
	if media := got.Header.Get("Content-Type"); media != "" {
		fmt.Fprintf(p, "Content-Type: %s\n", media)
	}
	if got.Header.Get("ETag") != "" {
		p.WriteString("ETag: \"…\"\n")
	}
	if at := got.Header.Get("Location"); at != "" {
		fmt.Fprintf(p, "Location: %s\n", steady(at))
	}
	if got.text != "" {
		p.WriteString("\n" + steady(elide(got.text, show)) + "\n")
	}
	p.WriteString("```\n")
}

// elide writes a JSON document with the members of a key that are to be shown,
// and "…" for the others.
func elide(text string, show []string) string {
	var list struct{ Data []json.RawMessage }
	switch {
	case show == nil:
		return indent(text, "")
	case json.Unmarshal([]byte(text), &list) == nil && len(list.Data) > 0:
		return "{\n  \"data\": [\n    " + some(list.Data[0], show, "    ") + "\n  ],\n  \"next_cursor\": null\n}"
	}
	return some(json.RawMessage(text), show, "")
}

func some(object json.RawMessage, show []string, margin string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return string(object)
	}
	lines := "{\n"
	for _, name := range show {
		lines += fmt.Sprintf("%s  %q: %s,\n", margin, name, indent(string(members[name]), margin+"  "))
	}
	return lines + margin + "  …\n" + margin + "}"
}

func indent(text, margin string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(strings.TrimSpace(text)), margin, "  ") != nil {
		return text
	}
	return out.String()
}
