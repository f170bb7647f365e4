package e2e

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// misplaced has requests with a secret, $SECRET, where none belongs. Each is
// refused or finds nothing.
var misplaced = []string{
	"GET /v1/keys/$SECRET", "DELETE /v1/keys/$SECRET", "POST /v1/keys/$SECRET/revoke", "GET /v1/$SECRET", "GET /$SECRET/v1/keys", "DELETE /v1/projects/$SECRET",
	"GET /v1/keys?$SECRET=1", "GET /v1/keys?q=$SECRET", "GET /v1/keys?cursor=$SECRET", "GET /v1/keys?status=$SECRET", "GET /v1/keys?limit=$SECRET", "GET /v1/keys?workspace=$SECRET",
	"GET /v1/keys?token=$SECRET", "GET /v1/audit?actor=$SECRET", "GET /v1/audit?key_id=$SECRET", "GET /v1/keys/key_nobody/usage?by=$SECRET",
	`POST /v1/keys {"$SECRET":1}`, `POST /v1/keys {"name":{"$SECRET":1}}`, `POST /v1/keys {"name":"good","scopes":["a b $SECRET"]}`, `POST /v1/keys {"name":"good","environment":"$SECRET"}`,
	`POST /v1/keys {"name":"good","expires_at":"$SECRET"}`, `POST /v1/keys {"name":"good","expires_in":"$SECRET"}`, `POST /v1/keys {"name":"good","allowed_ips":["$SECRET"]}`,
	`POST /v1/keys {"name":"good","project":"$SECRET"}`, `POST /v1/keys {"name":"good","profile":"$SECRET"}`, `POST /v1/keys {"name":"good","plan":"$SECRET"}`, `POST /v1/keys {"name":"good","kind":"$SECRET"}`,
	`POST /v1/keys {"name":"good","metadata":{"$SECRET":1}}`, `POST /v1/keys $SECRET`, `POST /v1/keys {"name":"$SECRET`, `POST /v1/tokens {"name":"good","expires_in":"$SECRET"}`,
	`POST /v1/workspaces {"name":"$SECRET $SECRET"}`, `PATCH /v1/workspaces/default {"plan":"$SECRET"}`, `POST /v1/projects {"name":"/$SECRET"}`, "POST /v1/keys/key_nobody/rotate {\"grace\":\"$SECRET\"}",
}

// misplacedHeaders are header lines with a secret where none belongs.
var misplacedHeaders = []string{
	"Authorization: $SECRET", "Authorization: Basic $SECRET", "Authorization: Bearer $SECRET x", "X-Api-Key: $SECRET", "Keystile-Workspace: $SECRET", "Idempotency-Key: a $SECRET",
	"If-Match: $SECRET", "If-None-Match: \"$SECRET\"", "Content-Type: $SECRET", "Content-Encoding: $SECRET", "Cookie: session=$SECRET", "User-Agent: $SECRET", "X-Forwarded-For: $SECRET", "Referer: https://example.com/$SECRET",
}

func TestLEAK02LEAK03MGMT10ManagingKeysShowsTheirSecretsOnce(t *testing.T) {
	t.Parallel()
	spans := newCollector(t)
	d := setupDesk(t, options{
		program: faulty(t), // which can record events
		global:  masked + "\nevents {\n on * record $DIR/events\n}", before: "tracing", env: spans.env(), app: "rate_limit live 1/h burst 1",
	}, "")
	secrets := map[string]string{"the operator's token": d.credential}
	for name, secret := range d.useSecrets() {
		secrets[name] = secret
	}
	for who, desk := range map[string]desk{"operator": d, "token": d.as(d.newToken()), "key": d.as(d.newKey(`"scopes":["all"]`).Secret), "nobody": d.as("")} {
		for name, secret := range desk.misplaceSecrets() {
			secrets[who+": "+name] = secret
		}
	}
	maps.Copy(secrets, d.pastSignIn())
	places := map[string]string{
		"metrics": d.adminGet("/metrics"), "configuration": d.adminGet("/config/"), "document": d.do(http.MethodGet, "/v1/openapi.json", "").raw,
		"trail": d.do(http.MethodGet, "/v1/audit?limit=1000", "").raw, "keys": d.do(http.MethodGet, "/v1/keys?limit=1000", "").raw, "tokens": d.do(http.MethodGet, "/v1/tokens", "").raw,
	}
	pages, pasted := d.openPages()
	maps.Copy(places, pages)
	maps.Copy(secrets, pasted)
	maps.Copy(places, d.shownPages())
	d.stop()
	maps.Copy(places, d.written())
	maps.Copy(places, d.inServers())
	places["traces"] = string(spans.exported())
	stored := strings.Join(slices.Collect(maps.Values(d.inDatabase())), "\n")
	places["database"] = stored
	if logged := strings.Count(places["log"], "handled request"); logged < len(misplaced)+len(misplacedHeaders) {
		t.Errorf("%d entries in the access log: nothing would show", logged)
	}
	if told := len(d.gate.events("events")); told < len(secrets)/20 || places["traces"] == "" {
		t.Errorf("%d events and %d bytes of spans: nothing would show", told, len(places["traces"]))
	}
	for name, secret := range secrets {
		for where, text := range places {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", name, where)
			}
		}
	}
	if len(secrets) < 200 || len(stored) == 0 {
		t.Errorf("%d secrets were looked for in %d places", len(secrets), len(places))
	}
}

// useSecrets makes and takes over credentials in every way there is, uses
// them, and ends them.
func (d desk) useSecrets() map[string]string {
	d.t.Helper()
	used := map[string]string{"an imported key": drawSecret("live")}
	for name, request := range map[string]string{
		"a key": `POST /v1/keys {"name":"a key"}`, "a test key": `POST /v1/keys {"name":"a key","environment":"test"}`, "a token": `POST /v1/tokens {"name":"a token"}`,
		"an operator's token": `POST /v1/tokens {"name":"a token","all_workspaces":true}`,
	} {
		var made key
		parts := strings.SplitN(request, " ", 3)
		d.read(&made, http.StatusCreated, parts[0], parts[1], parts[2], "Idempotency-Key: "+strings.ReplaceAll(name, " ", "-"))
		used[name] = made.Secret
		d.do(http.MethodGet, "/v1/keys", "", bearer(made.Secret))
		d.as(made.Secret).do(http.MethodGet, "/v1/keys", "")
		d.get("/", bearer(made.Secret))
		if strings.HasPrefix(made.ID, "key_") {
			var successor key
			d.read(&successor, http.StatusCreated, http.MethodPost, "/v1/keys/"+made.ID+"/rotate", `{"grace":"1h"}`)
			used["the successor of "+name] = successor.Secret
			d.read(nil, http.StatusOK, http.MethodPost, "/v1/keys/"+made.ID+"/revoke", `{"reason":"leaked"}`)
			d.read(nil, http.StatusNoContent, http.MethodDelete, "/v1/keys/"+made.ID, "")
			d.get("/", bearer(successor.Secret))
		}
	}
	row, err := json.Marshal(map[string]string{"secret": used["an imported key"], "name": "imported"})
	if err != nil {
		d.t.Fatal(err)
	}
	file := filepath.Join(d.t.TempDir(), "keys.jsonl")
	if err := os.WriteFile(file, row, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if done := d.cli("import", file, "--plaintext"); done.status != 0 {
		d.t.Fatalf("import: %s", done.err)
	}
	d.get("/", bearer(used["an imported key"]))
	return used
}

// misplaceSecrets sends secrets where none belong. No answer shows them.
func (d desk) misplaceSecrets() map[string]string {
	d.t.Helper()
	sent := map[string]string{}
	send := func(name, method, path, body string, lines ...string) {
		d.t.Helper()
		secret := drawSecret("live")
		sent[name] = secret
		with := func(text string) string { return strings.ReplaceAll(text, "$SECRET", secret) }
		for i := range lines {
			lines[i] = with(lines[i])
		}
		if got := d.do(method, with(path), with(body), lines...); strings.Contains(got.raw, secret) {
			d.t.Errorf("%s: answered %v", name, got)
		}
	}
	for _, request := range misplaced {
		parts := append(strings.SplitN(request, " ", 3), "")
		send(request, parts[0], parts[1], parts[2])
	}
	for _, line := range misplacedHeaders {
		send("GET with "+line, http.MethodGet, "/v1/keys/key_nobody", "", line)
		send("POST with "+line, http.MethodPost, "/v1/keys", `{"name":"good","sudo":true}`, line)
	}
	return sent
}

// written is every file that the gate has written, by its name.
func (g *gate) written() map[string]string {
	g.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(g.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[entry.Name()] += string(text)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return files
}
