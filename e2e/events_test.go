package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

func TestHandlersOfEventsHearOnceWhatCommandsDoToKeys(t *testing.T) {
	t.Parallel()
	const on = "on keystile.key.revoked record $DIR/revoked\non * record $DIR/all"
	g := eventful(t, on, options{global: masked})
	other := g.beside(options{program: faulty(t), global: masked + "\nevents {\n on * record $DIR/all\n}"})
	for _, one := range []*gate{g, other} { // which tells of what is done from then on
		eventually(t, startWithin, "Caddy tells that it has started", func() bool {
			_, err := os.Stat(filepath.Join(one.dir, "all"))
			return err == nil
		})
	}
	k := g.key()
	g.must(nil, "keys", "edit", k.ID, "--name", "renamed")
	var next key
	g.must(&next, "keys", "rotate", k.ID, "--grace", "1h")
	g.secret(next.Secret)
	for _, one := range []*gate{g, other} { // which tells of a key as it is by then
		one.awaitTold("all", k.ID, "key.expiring")
	}
	g.must(nil, "keys", "revoke", k.ID, "--reason", "it leaked")
	g.must(nil, "keys", "delete", next.ID, "--yes")

	for _, one := range []*gate{g, other} {
		one.awaitTold("all", next.ID, "key.deleted")
		want := []string{"key.created", "key.edited", "key.rotated", "key.expiring", "key.revoked"}
		wantEvents(t, one, k.ID, want)
		if got := one.told("all", next.ID); !slices.Equal(got, []string{"key.created", "key.deleted"}) {
			t.Errorf("of its replacement, told %q", got)
		}
	}
	only := g.events("revoked")
	if len(only) != 1 || only[0].Type != "keystile.key.revoked" || only[0].Source != "keystile" || only[0].Data["key_id"] != k.ID ||
		only[0].Data["name"] != "renamed" || only[0].Data["replaced_by"] != next.ID ||
		only[0].Data["reason"] != "it leaked" {
		t.Errorf("whoever asks for revocations alone hears %+v", only)
	}
	wantNoSecretIn(t, g, "all")
}

// wantNoSecretIn looks into what handlers were told.
func wantNoSecretIn(t *testing.T, g *gate, file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range g.secrets {
		if strings.Contains(string(text), secret) {
			t.Error("a secret was told")
		}
	}
}

func TestAReloadNeitherLosesNorRepeatsEvents(t *testing.T) {
	t.Parallel()
	g := eventful(t, "on * record $DIR/all", options{})
	k := g.key("--expires", "10d")
	g.awaitTold("all", k.ID, "key.expiring")
	for i := range 5 {
		g.options.app = strings.Repeat("# another one\n", i)
		g.reload(g.caddyfile())
		g.must(nil, "keys", "edit", k.ID, "--description", strings.Repeat("x", i+1))
	}
	g.must(nil, "keys", "revoke", k.ID)
	g.awaitTold("all", k.ID, "key.revoked")
	want := append(append([]string{"key.created", "key.expiring"}, slices.Repeat([]string{"key.edited"}, 5)...), "key.revoked")
	wantEvents(t, g, k.ID, want)
}

// wantEvents wants all that was told of a key. That it ends soon may be told by two
// who look, and so anywhere.
func wantEvents(t *testing.T, g *gate, id string, want []string) {
	t.Helper()
	const soon = "key.expiring"
	ending := func(name string) bool { return name == soon }
	got := g.told("all", id)
	if !slices.Equal(slices.DeleteFunc(slices.Clone(got), ending), slices.DeleteFunc(slices.Clone(want), ending)) || len(got) != len(want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestKeysThatExpireSoonAreToldOfAsTheDayComes(t *testing.T) {
	t.Parallel()
	g := eventful(t, "on keystile.key.expiring record $DIR/all", options{})
	far, near := g.key("--expires", "20d"), g.key("--expires", "13d")
	g.awaitTold("all", near.ID, "key.expiring")
	g.stop()
	g.runClock(7 * 24 * time.Hour)
	g.start()
	g.awaitTold("all", far.ID, "key.expiring")
	if got := g.told("all", far.ID); len(got) != 1 {
		t.Errorf("told %q", got)
	}
	eventually(t, startWithin, "a restart has the other one told of again", func() bool { return len(g.told("all", near.ID)) == 2 })
}

func TestAFloodOfRefusalsStartsOneHandler(t *testing.T) {
	t.Parallel()
	g := eventful(t, "on keystile.limit.exceeded record $DIR/all", options{app: "rate_limit live 1/h", policy: "route GET /v1/*"})
	made := g.plant(3, func(_ int, k *keys.Key) { k.Environment = keys.Live })
	for range 50 {
		for _, k := range made {
			g.get("/v1/items?token=private", k.bearer())
		}
	}
	for _, k := range made {
		g.awaitTold("all", k.ID, "limit.exceeded")
		if got := g.told("all", k.ID); len(got) != 1 {
			t.Errorf("told %q", got)
		}
	}
	data := g.events("all")[0].Data
	if data["limit_name"] != "live" || data["limit"] != 1.0 || data["route"] != "GET /v1/*" || data["code"] != "rate_limited" || data["client"] != "127.0.0.1" {
		t.Errorf("%v", data)
	}
}

func TestASlowOrBrokenHandlerOfEventsDelaysNoRequestAndNoEnd(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"hold", "panic"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			g := prepare(t, options{program: faulty(t), panics: true, global: "events {\n on keystile.key.edited record $DIR/all\n}"})
			if err := os.WriteFile(filepath.Join(g.dir, "all."+fault), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			g.start()
			k := g.key()
			for range 3 {
				g.must(nil, "keys", "edit", k.ID, "--status", "inactive")
				eventually(t, 10*time.Second, "it is refused", func() bool { return g.get("/", k.bearer()).code() == "inactive_key" })
				g.must(nil, "keys", "edit", k.ID, "--status", "active")
				eventually(t, 10*time.Second, "it is let in", func() bool { return g.get("/", k.bearer()).status == 200 })
			}
			if fault == "panic" {
				eventually(t, 10*time.Second, "the panic is logged", func() bool { return strings.Contains(g.log(), "an event's handler panicked") })
			}
		})
	}
}

// The example stands in the documentation with a handler that isn't ours.
func TestTheExampleOfEventsTellsWhoRevokedWhatAndWhy(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```caddyfile\n{\n")
	example, _, _ = strings.Cut(example, "```")
	whole := strings.NewReplacer(
		"exec /usr/local/bin/tell", "record $DIR/told", "/var/lib/keystile/keys.db", "$DIR/keys.db",
		"api.example.com {", "http://:$PORT {\n bind 127.0.0.1", "localhost:9000", "$UPSTREAM",
	).Replace("{\n admin $ADMIN\n persist_config off\n" + example)
	g := setup(t, options{whole: whole, driver: "sqlite", program: faulty(t)})
	k := g.key("--expires", "5d")
	told := func(parts ...string) func() bool {
		return func() bool {
			text, err := os.ReadFile(filepath.Join(g.dir, "told"))
			return err == nil && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(string(text), part) })
		}
	}
	eventually(t, 10*time.Second, "it is told when the key ends", told(k.ID+" (", " ends at 20")) // which no revoked one does
	g.must(nil, "keys", "revoke", k.ID, "--reason", "it leaked")
	eventually(t, 10*time.Second, "it is told who revoked it, and why", told(" revoked "+k.ID+" (", "): it leaked\n"))
}

// keystile_events_dropped_total
func TestEventsThatASlowHandlerKeepsWaitingTooLongAreCountedAsDropped(t *testing.T) {
	t.Parallel()
	g := prepare(t, options{
		program: faulty(t), app: "rate_limit live 1/h", policy: "route GET /v1/*", behind: "respond ok",
		global: "metrics\nevents {\n on keystile.limit.exceeded record $DIR/all\n}",
	})
	if err := os.WriteFile(filepath.Join(g.dir, "all.hold"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	const more = 1500 // than fit the queue
	for _, k := range g.plant(more, func(_ int, k *keys.Key) { k.Environment = keys.Live }) {
		for range 2 {
			g.get("/v1/items", k.bearer())
		}
	}
	eventually(t, 10*time.Second, "they are counted", func() bool {
		return regexp.MustCompile(`(?m)^keystile_events_dropped_total [1-9]`).MatchString(g.adminGet("/metrics"))
	})
}
