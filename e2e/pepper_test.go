package e2e

import (
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

// strangePepper is the refusal to work with peppers that keys were not made
// under. It names the one that is missing.
var strangePepper = regexp.MustCompile(`made under a pepper that is not configured \(([0-9a-f]{16})\)`)

func TestWrongPepperIsRefusedAtStartByReloadAndByCommands(t *testing.T) {
	t.Parallel()
	g := setup(t, options{app: "pepper first"})
	old := g.key()
	wantStatus := func(k key, want int) {
		t.Helper()
		if got := g.get("/x", k.bearer()); got.status != want {
			t.Errorf("under %q: %v, want %d", g.options.app, got, want)
		}
	}
	wantStatus(old, http.StatusOK)
	for _, wrong := range []string{"pepper second", ""} {
		g.options.app = wrong
		if err := g.tryReload(g.caddyfile()); err == nil || !strangePepper.MatchString(err.Error()) {
			t.Errorf("reload with %q: %v", wrong, err)
		}
		wantStatus(old, http.StatusOK) // the configuration before goes on
		g.write(g.caddyfile())
		for _, args := range [][]string{{"keys", "list"}, {"keys", "create", "a key"}, {"tokens", "create", "a token"}} {
			done := g.cli(args...)
			if done.status != 1 || !strangePepper.MatchString(done.err) || strings.Count(done.err, "\n") != 1 {
				t.Errorf("%v with %q: exit status %d, %q", args, wrong, done.status, done.err)
			}
		}
	}
	g.options.app = "pepper second first"
	g.reload(g.caddyfile())
	wantStatus(old, http.StatusOK)
	wantStatus(g.key(), http.StatusOK)
	g.stop()

	g.options.app = "pepper third"
	g.write(g.caddyfile())
	out, status := startBadly(t, g)
	if last := lastLine(out); status == 0 || !strangePepper.MatchString(last) {
		t.Errorf("exit status %d; the last line says %q", status, last)
	}
}

func TestPepperCanBeDroppedWhileAnotherFindsKeys(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	plain := g.key()
	g.options.app = "pepper old"
	g.reload(g.caddyfile())
	revoked, lost := g.key(), g.key()
	g.options.app = "pepper new old"
	g.reload(g.caddyfile())
	g.must(nil, "keys", "revoke", revoked.ID)
	current := g.key()

	// With a stranger's pepper alone, none of them would be found.
	g.options.app = "pepper stranger"
	err := g.tryReload(g.caddyfile())
	if err == nil || !strangePepper.MatchString(err.Error()) {
		t.Fatalf("with none of the peppers: %v", err)
	}
	g.options.app = "pepper new"
	g.reload(g.caddyfile())
	for k, want := range map[key]string{plain: "", current: "", lost: "unknown_key"} {
		if got := g.get("/x", k.bearer()); got.code() != want {
			t.Errorf("got %v, want %q", got, want)
		}
	}
}

func TestImportedKeysAndTokensHoldOnToTheirPepper(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(g *gate) command{
		"a token": func(g *gate) command { return g.cli("tokens", "create", "a token") },
		"an import of a secret": func(g *gate) command {
			put(t, filepath.Join(g.dir, "old.csv"), "secret,name\nsk-old-one,imported\n")
			return g.cli("import", "old.csv", "--plaintext")
		},
		"an import of the pepper's own digest": func(g *gate) command {
			put(t, filepath.Join(g.dir, "hmac.key"), "first")
			put(t, filepath.Join(g.dir, "old.csv"), "digest,algorithm,name\n"+strings.Repeat("ab", 32)+",hmac-sha256,imported\n")
			return g.cli("import", "old.csv", "--hmac-key-file", "hmac.key")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const accepted = "\naccept_prefix live sk-old- unchecked"
			g := prepare(t, options{app: "pepper first" + accepted})
			createStore(t, g)
			if done := hold(g); done.status != 0 {
				t.Fatal(done.err)
			}
			g.options.app = "pepper second" + accepted
			g.write(g.caddyfile())
			if done := g.cli("keys", "list"); done.status != 1 || !strings.Contains(done.err, "keys or tokens (1)") {
				t.Errorf("exit status %d, %q", done.status, done.err)
			}
		})
	}
}

// createStore makes the database of a gate that never ran.
func createStore(t *testing.T, g *gate) {
	t.Helper()
	empty := filepath.Join(g.dir, "empty.csv")
	put(t, empty, "secret,name\n")
	if done := g.cli("import", empty, "--plaintext", "--create"); done.status != 0 {
		t.Fatal(done.err)
	}
	err := g.view(func(ctx context.Context, r storage.Reader) error {
		_, err := r.Workspace(ctx, storage.DefaultWorkspace)
		return err
	})
	if err != nil {
		t.Fatal("the database wasn't made: ", err)
	}
}
