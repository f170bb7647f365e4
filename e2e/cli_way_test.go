package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandsDoTheSameToAStoreAndOverTheAPI(t *testing.T) {
	m := setupManaged(t, options{app: "scope read \"Read\"\nscope write \"Write\"", policy: "route GET /any read"})
	store := func(args ...string) map[string]any { return m.document(m.cli(args...)) }
	api := func(args ...string) map[string]any { return m.document(m.over(args...)) }
	same := func(args ...string) {
		var diff string // the last call may be counted between the two answers
		if !becomes(startWithin, func() bool { diff = cmp.Diff(store(args...), api(args...)); return diff == "" }) {
			t.Errorf("%v (-store +API):\n%s", args, diff)
		}
	}
	for name, way := range map[string]func(...string) map[string]any{"store": store, "API": api} {
		made := way("keys", "create", "by "+name, "--scopes", "read,write", "--expires", "90d")
		id, secret := made["id"].(string), made["secret"].(string)
		eventuallyAnswers(t, m.gate, secret, http.StatusOK, "")
		same("keys", "show", id)
		if got := way("keys", "edit", id, "--scopes", "read", "--status", "inactive"); got["status"] != "inactive" {
			t.Errorf("%s: edited %v", name, got)
		}
		eventuallyAnswers(t, m.gate, secret, http.StatusUnauthorized, "inactive_key")
		way("keys", "reactivate", id)
		eventuallyAnswers(t, m.gate, secret, http.StatusOK, "")
		successor := way("keys", "rotate", id, "--grace", "1h")
		eventuallyAnswers(t, m.gate, successor["secret"].(string), http.StatusOK, "")
		eventuallyAnswers(t, m.gate, secret, http.StatusOK, "")
		if got := way("keys", "revoke", id, "--reason", "over"); got["status"] != "revoked" {
			t.Errorf("%s: revoked %v", name, got)
		}
		eventuallyAnswers(t, m.gate, secret, http.StatusUnauthorized, "revoked_key")
		way("keys", "delete", id, "--yes")
		eventuallyAnswers(t, m.gate, secret, http.StatusUnauthorized, "unknown_key")
	}
	for _, args := range [][]string{
		{"keys", "list"}, {"keys", "list", "--limit", "1", "--all"}, {"keys", "list", "--status", "active"}, {"tokens", "list"}, {"tokens", "list", "--all-workspaces"},
		{"workspaces", "list"}, {"projects", "list"}, {"profiles", "list"}, {"plans", "list"}, {"scopes", "list"}, {"audit"}, {"audit", "--action", "key.revoke"},
	} {
		same(args...)
	}
}

// eventuallyAnswers fails the test unless a key comes to be answered with a
// status, and a code where there is one.
func eventuallyAnswers(t *testing.T, g *gate, secret string, status int, code string) {
	t.Helper()
	eventually(t, startWithin, code, func() bool {
		got := g.get("/any", bearer(secret))
		return got.status == status && strings.Contains(got.body, code)
	})
}

func TestCommandsOverTheAPINeedNothingButAddressAndToken(t *testing.T) {
	m := setupManaged(t, options{})
	empty := t.TempDir()
	elsewhere := func(cmd *exec.Cmd) { cmd.Dir = empty }
	keysList := slices.Concat(m.program.manage, []string{"keys", "list"})
	for name, row := range map[string]struct {
		change func(*exec.Cmd)
		args   []string
	}{
		"environment":    {m.remote, nil},
		"flags":          {func(*exec.Cmd) {}, []string{"--api", m.address + "/", "--token", m.token}},
		"standard input": {func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader(m.token + "\n") }, []string{"--api", m.address, "--token", "-"}},
	} {
		done := m.runAs(func(cmd *exec.Cmd) { elsewhere(cmd); row.change(cmd) }, append(keysList, row.args...)...)
		if done.status != 0 || done.out != "No keys.\n" || done.err != "" {
			t.Errorf("%s: %+v", name, done)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("left %v behind (%v)", left, err)
	}
}

func TestCommandsSayInOneLineWhyTheAPIDoesNotAnswer(t *testing.T) {
	m := setupManaged(t, options{policy: "default allow"})
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
	t.Cleanup(page.Close)
	const stranger = "kst_000000000000000000000000000000000000"
	nobody := "http://" + freeAddr(t)
	own := m.newToken("of the default workspace")
	for name, row := range map[string]struct {
		api, token string
		args       []string
		says       string
	}{
		"nobody there":        {nobody, m.token, nil, "can't reach " + nobody + ": connection refused"},
		"a token of nobody's": {m.address, stranger, nil, "This credential is not good for the management API, which takes management tokens (kst_…) and keys with the scope manage:api-keys. The token is malformed, deleted or expired: check --token or KEYSTILE_TOKEN."},
		"another path":        {m.address + "/v1", m.token, nil, "Is " + m.address + "/v1 the address of keystile_admin?"},
		"a page":              {page.URL, m.token, nil, "is this the address of keystile_admin?"},
		"the gate itself":     {"http://" + m.addr, m.token, nil, "Is http://" + m.addr + " the address of keystile_admin?"},
		"TLS to no TLS":       {"https" + m.address[len("http"):], m.token, nil, "it speaks http there, and not https"},
		"another workspace":   {m.address, own, []string{"--workspace", "rivals"}, "belongs to another workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			as := func(cmd *exec.Cmd) {
				cmd.Env = append(cmd.Env, "KEYSTILE_API="+row.api, "KEYSTILE_TOKEN="+row.token)
			}
			done := m.runAs(as, slices.Concat(m.program.manage, []string{"keys", "list"}, row.args)...)
			if !done.failed(1, row.says) || strings.Contains(done.err, row.token[4:]) {
				t.Errorf("%+v, want %q", done, row.says)
			}
		})
	}
}

func TestCommandsGoThroughTheProxyOfTheEnvironment(t *testing.T) {
	m := setupManaged(t, options{})
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(proxy.Close)
	as := func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "KEYSTILE_API=http://admin.invalid/here", "KEYSTILE_TOKEN="+m.token, "http_proxy="+proxy.URL, "no_proxy=")
	}
	done := m.runAs(as, slices.Concat(m.program.manage, []string{"keys", "list"})...)
	if got, _ := asked.Load().(string); got != "http://admin.invalid/here/v1/keys" || !done.failed(1, "418") {
		t.Errorf("the proxy was asked for %q: %+v", got, done)
	}
}
