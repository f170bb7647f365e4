package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
)

func TestEnvironmentOfTheKeyPicksTheUpstream(t *testing.T) {
	t.Parallel()
	const matcher = "@test vars {keystile.environment} test\n"
	for name, behind := range map[string]string{
		"matcher of the proxy": matcher + "reverse_proxy @test $OTHER\nreverse_proxy $UPSTREAM",
		"matcher of a block":   matcher + "handle @test {\n reverse_proxy $OTHER\n}\nhandle {\n reverse_proxy $UPSTREAM\n}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := newUpstream(t, answerOK)
			g := setup(t, options{behind: strings.ReplaceAll(behind, "$OTHER", other.addr)})
			live, test := g.key(), g.key("--environment", "test")
			for range 2 { // the second time from memory
				wantAnswer(t, g, g.get("/", live.bearer()), http.StatusOK, "")
				other.untouched(t)
				if got := g.get("/", test.bearer()); got.status != http.StatusOK {
					t.Errorf("answered %v", got)
				}
				if told := other.one(t).values("Keystile-Environment"); !slices.Equal(told, []string{"test"}) {
					t.Errorf("the test upstream was told %q", told)
				}
				g.upstream.untouched(t)
			}
			wantAnswer(t, g, g.get("/", "Keystile-Environment: test"), http.StatusUnauthorized, "missing_key")
			other.untouched(t)
		})
	}
}

// placeholders are what later handlers can ask for, by a name for it.
var placeholders = map[string]string{
	"key": "keystile.key_id", "workspace": "keystile.workspace", "project": "keystile.project", "environment": "keystile.environment",
	"scopes": "keystile.scopes", "profile": "keystile.profile", "outcome": "keystile.outcome", "route": "keystile.route", "user": "http.auth.user.id",
}

// setupPlaceholders shows every placeholder in each of the places where one can
// stand: in an answer of /whoami, in a header for the upstream, and in a field
// of the log.
func setupPlaceholders(t *testing.T) *gate {
	t.Helper()
	var log, up, shown strings.Builder
	for _, name := range slices.Sorted(maps.Keys(placeholders)) {
		fmt.Fprintf(&log, "log_append our_%s {%s}\n", name, placeholders[name])
		fmt.Fprintf(&up, " header_up X-%s \"<{%s}>\"\n", name, placeholders[name])
		fmt.Fprintf(&shown, "%s=<{%s}>;", name, placeholders[name])
	}
	return setup(t, options{
		before: log.String(), behind: fmt.Sprintf("respond /whoami %q\nreverse_proxy $UPSTREAM {\n%s}", shown.String(), up.String()),
		policy: "default allow\nroute GET /open public\nroute GET /projects/{name} read {\n project {name}\n}",
	})
}

func TestHandlersBehindTheGateLearnWhoCalls(t *testing.T) {
	t.Parallel()
	g := setupPlaceholders(t)
	full := g.plant(1, func(_ int, k *keys.Key) {
		k.Environment, k.Project, k.Profile, k.Scopes = keys.Test, "atlas", "gold", []string{"read", "write"}
	})[0]
	bare := g.plant(1, nil)[0]
	for name, c := range map[string]struct {
		target string
		lines  []string
		want   map[string]string // empty where it isn't named
	}{
		"key with everything": {"/whoami", []string{full.bearer()}, map[string]string{
			"key": full.ID, "user": full.ID, "workspace": "default", "project": "atlas", "environment": "test",
			"scopes": "read write", "profile": "gold", "outcome": "allowed",
		}},
		"key with nothing": {"/whoami", []string{bare.bearer()}, map[string]string{
			"key": bare.ID, "user": bare.ID, "workspace": "default", "environment": "live", "outcome": "allowed",
		}},
		"project of the route": {"/projects/atlas", []string{full.bearer()}, map[string]string{
			"route": "GET /projects/{name}",
			"key":   full.ID, "user": full.ID, "workspace": "default", "project": "atlas", "environment": "test",
			"scopes": "read write", "profile": "gold", "outcome": "allowed",
		}},
		"nobody": {"/open", []string{bare.bearer(), "Keystile-Key-Id: mallory"}, map[string]string{"outcome": "allowed", "route": "GET /open"}},
	} {
		t.Run(name, func(t *testing.T) {
			target := c.target + "?" + strings.ReplaceAll(name, " ", "-")
			got := g.get(target, c.lines...)
			if got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			for _, name := range slices.Sorted(maps.Keys(placeholders)) {
				want := "<" + c.want[name] + ">"
				if c.target == "/whoami" && !strings.Contains(got.body, name+"="+want+";") {
					t.Errorf("the answer says %s, want %s=%s in it", got.body, name, want)
				}
			}
			if c.target != "/whoami" {
				wantToldUpstream(t, g.upstream.one(t), c.want)
			}
			wantLogged(t, g, target, c.want)
		})
	}
}

func wantToldUpstream(t *testing.T, a arrival, want map[string]string) {
	t.Helper()
	for name, placeholder := range placeholders {
		value := want[name]
		if name == "user" && value == "" {
			value = "{" + placeholder + "}" // Caddy leaves what nobody has set as it stands
		}
		if told := a.values("X-" + name); !slices.Equal(told, []string{"<" + value + ">"}) {
			t.Errorf("the upstream was told X-%s %q, want %q", name, told, value)
		}
	}
}

func TestAccessLogTellsWhoWasRefusedAndWhy(t *testing.T) {
	t.Parallel()
	g := setupPlaceholders(t)
	k := g.plant(1, func(_ int, k *keys.Key) { k.Profile = "gold" })[0]
	revoked := g.plant(1, func(_ int, k *keys.Key) { k.Status = keys.Revoked })[0]
	known := func(k key, more map[string]string) map[string]string {
		maps.Copy(more, map[string]string{"key": k.ID, "workspace": "default", "environment": "live"})
		return more
	}
	for code, c := range map[string]struct {
		target string
		lines  []string
		want   map[string]string
	}{
		"missing_key":        {"/one", nil, map[string]string{}},
		"malformed_key":      {"/two", []string{bearer("garbage")}, map[string]string{}},
		"unknown_key":        {"/three", []string{bearer(drawSecret(keys.Live))}, map[string]string{}},
		"revoked_key":        {"/four", []string{revoked.bearer()}, known(revoked, map[string]string{})},
		"insufficient_scope": {"/projects/atlas", []string{k.bearer()}, known(k, map[string]string{"profile": "gold", "project": "atlas", "route": "GET /projects/{name}"})},
		"ambiguous_path":     {"/five/../six", []string{k.bearer()}, map[string]string{}},
	} {
		t.Run(code, func(t *testing.T) {
			if got := g.get(c.target, c.lines...); got.code() != code {
				t.Fatalf("answered %v", got)
			}
			c.want["outcome"] = code
			wantLogged(t, g, c.target, c.want)
		})
	}
}

// wantLogged checks the access log's entry on a target: our own fields, and
// those that the gate and Caddy add by themselves.
func wantLogged(t *testing.T, g *gate, target string, want map[string]string) {
	t.Helper()
	var entry map[string]any
	eventually(t, time.Second, "the access log has "+target, func() bool {
		for line := range strings.Lines(g.log()) {
			var e struct{ Request struct{ URI string } }
			if strings.Contains(line, `"handled request"`) && json.Unmarshal([]byte(line), &e) == nil && e.Request.URI == target {
				return json.Unmarshal([]byte(line), &entry) == nil
			}
		}
		return false
	})
	text := func(field string) string {
		value, _ := entry[field].(string)
		return value
	}
	got := map[string]string{}
	for name := range placeholders {
		got[name] = text("our_" + name)
	}
	for name := range placeholders {
		want[name] += ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of the log: -want +got\n%s", diff)
	}
	own := []string{text("keystile_outcome"), text("keystile_key_id"), text("user_id")}
	if !slices.Equal(own, []string{want["outcome"], want["key"], want["user"]}) {
		t.Errorf("the log's own fields are %q, want the outcome, the key, and for who was let in the user", own)
	}
}
