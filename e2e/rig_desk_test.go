package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// desk is a gate's management API, as somebody with one credential sees it.
type desk struct {
	*gate
	at         string // its listener
	mount      string // the path that it is under
	credential string
}

// withDesk adds a site with the management API, under a path, to a gate's
// options.
func withDesk(t testing.TB, o options, mount string) (options, desk) {
	t.Helper()
	d := desk{at: freeAddr(t), mount: mount}
	handler := "keystile_admin"
	if mount != "" {
		handler = "handle_path " + mount + "/* {\n keystile_admin\n}"
	}
	o.sites += fmt.Sprintf("\nhttp://%s {\n\tbind 127.0.0.1\n\tlog {\n\t\tformat keystile\n\t}\n\t%s\n}\n", d.at, handler)
	return o, d
}

// setupDesk starts a gate with a management API, and makes an operator's token
// for it.
func setupDesk(t testing.TB, o options, mount string) desk {
	t.Helper()
	o, d := withDesk(t, o, mount)
	d.gate = setup(t, o)
	d.credential = d.newToken("--all-workspaces")
	return d
}

// newToken makes a token by the command.
func (g *gate) newToken(flags ...string) string {
	g.t.Helper()
	var made key
	g.must(&made, append([]string{"tokens", "create", "a token"}, flags...)...)
	g.secret(made.Secret)
	return made.Secret
}

// as is the desk for somebody else.
func (d desk) as(credential string) desk {
	d.credential = credential
	return d
}

// of is the desk for a workspace that is made for it.
func (d desk) of(workspace string) desk {
	d.t.Helper()
	d.must(nil, "workspaces", "create", workspace)
	return d.as(d.newToken("--workspace", workspace))
}

// call sends one request, with a body where there is one, on a connection of
// its own. It may be called from any goroutine.
func (d desk) call(method, path, body string, lines ...string) (response, error) {
	head := []string{
		method + " " + d.mount + path + " HTTP/1.1", "Host: " + d.at, "Connection: close",
		fmt.Sprintf("Content-Length: %d", len(body)),
	}
	if d.credential != "" {
		head = append(head, bearer(d.credential))
	}
	if body != "" && !strings.Contains(strings.Join(lines, "\n"), "Content-Type:") {
		head = append(head, "Content-Type: application/json")
	}
	return exchange(d.at, strings.Join(append(head, lines...), "\r\n")+"\r\n\r\n"+body)
}

// do is call for tests.
func (d desk) do(method, path, body string, lines ...string) response {
	d.t.Helper()
	got, err := d.call(method, path, body, lines...)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// read is do for calls that must be answered with a status; the document goes
// into the value that `into` points to, if it isn't nil.
func (d desk) read(into any, status int, method, path, body string, lines ...string) response {
	d.t.Helper()
	got := d.do(method, path, body, lines...)
	if got.status != status {
		d.t.Fatalf("%s %s %s: answered %v, want %d", method, path, body, got, status)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			d.t.Fatalf("%s %s: %v in %s", method, path, err, got.body)
		}
	}
	return got
}

// newKey makes a key of a JSON object's members: d.newKey(`"scopes":["read"]`).
func (d desk) newKey(members string) key {
	d.t.Helper()
	if members != "" {
		members = "," + members
	}
	var made key
	d.read(&made, http.StatusCreated, http.MethodPost, "/v1/keys", `{"name":"a key"`+members+`}`)
	d.secret(made.Secret)
	return made
}

// wantRefused checks an answer, and the form that all refusals share.
func (d desk) wantRefused(got response, status int, code string) {
	d.t.Helper()
	if got.status != status || got.code() != code {
		d.t.Errorf("answered %v, want %d %s", got, status, code)
	}
	wantRefusalForm(d.t, got)
}

// trail is what the audit trail of the desk's workspace says, newest first.
func (d desk) trail(query string) []trailed {
	d.t.Helper()
	var page struct{ Data []trailed }
	d.read(&page, http.StatusOK, http.MethodGet, "/v1/audit"+query, "")
	return page.Data
}

// trailed is one entry of the audit trail.
type trailed struct {
	Actor  string
	Action string
	KeyID  string `json:"key_id"`
	Target string
	Client string
}

// ids are those of the keys that the desk lists.
func (d desk) ids(query string) (ids []string) {
	d.t.Helper()
	var page struct{ Data []key }
	d.read(&page, http.StatusOK, http.MethodGet, "/v1/keys"+query, "")
	for _, k := range page.Data {
		ids = append(ids, k.ID)
	}
	return ids
}
