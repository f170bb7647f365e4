package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func digestsArePeppered(t testing.TB, g *gate) {
	k := g.key("--workspace", workspace(g), "--scopes", "read:projects")
	defer g.takeAway(k)
	wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
	if g.storedAs(sha256.Sum256([]byte(k.Secret))) {
		t.Fatal("the key is stored under the SHA-256 of the secret alone")
	}
	if !g.storedAs(hmacOf(thePepper, k.Secret)) {
		t.Error("the key isn't stored under the HMAC-SHA-256 of its secret")
	}
}

// storedAs reports whether a key is stored under a digest.
func (g *gate) storedAs(digest keys.Digest) bool {
	g.t.Helper()
	err := g.view(func(ctx context.Context, r storage.Reader) error {
		_, err := r.KeyByDigest(ctx, []keys.Digest{digest})
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		g.t.Fatal(err)
	}
	return err == nil
}

func liveKeysBeginSo(t testing.TB, g *gate) { wantPrefix(t, g, "live", "bs_live_") }

func testKeysBeginSo(t testing.TB, g *gate) { wantPrefix(t, g, "test", "bs_test_") }

func wantPrefix(t testing.TB, g *gate, environment, prefix string) {
	t.Helper()
	k := g.key("--workspace", workspace(g), "--scopes", "read:projects", "--environment", environment)
	if !strings.HasPrefix(k.Secret, prefix) {
		t.Fatalf("a new secret begins with %s, want %s", k.Secret[:len(prefix)], prefix)
	}
	if got := g.get("/v1/projects", k.bearer()); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	if told := g.upstream.one(t).head.Header.Get("Keystile-Environment"); told != environment {
		t.Errorf("the upstream was told %q", told)
	}
}

func oldSecretsPass(t testing.TB, g *gate) {
	wantImported(t, g, "sk-prism-api03-"+strings.ToLower(keys.NewTokenID()))
}

// wantImported imports a key of another system, and uses it. Of what
// environment it is, its prefix says.
func wantImported(t testing.TB, g *gate, secret string) {
	t.Helper()
	g.secret(secret)
	sheet := filepath.Join(t.TempDir(), "keys.csv")
	if err := os.WriteFile(sheet, []byte("name,secret,scopes\nan old key,"+secret+",read:projects\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.must(nil, "import", sheet, "--plaintext", "--workspace", workspace(g))
	if got := g.get("/v1/projects", bearer(secret)); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	if told := g.upstream.one(t).head.Header.Get("Keystile-Environment"); told != "live" {
		t.Errorf("the upstream was told %q, want live", told)
	}
}

func readingIsAScope(t testing.TB, g *gate) { wantInCatalogue(t, g, "read:projects") }

func writingIsAScope(t testing.TB, g *gate) { wantInCatalogue(t, g, "write:projects") }

func uploadingIsAScope(t testing.TB, g *gate) { wantInCatalogue(t, g, "projects-write") }

func wantInCatalogue(t testing.TB, g *gate, scope string) {
	t.Helper()
	w := workspace(g)
	if done := g.cli("keys", "create", "a key", "--workspace", w, "--scopes", scope); done.status != 0 {
		t.Errorf("a key with %s: %s", scope, done.err)
	} else {
		var made key
		if err := json.Unmarshal([]byte(done.out), &made); err != nil {
			t.Fatal(err)
		}
		g.secret(made.Secret)
	}
	if done := g.cli("keys", "create", "a key", "--workspace", w, "--scopes", "anything"); done.status == 0 {
		t.Error("a key with a scope that isn't listed was made")
	}
}

func theOldNameOfAScopeDoes(t testing.TB, g *gate) {
	for _, scope := range []string{"projects-write", "halfpipe-transcripts-write"} {
		wantAllowed(t, g, g.ask(http.MethodPost, "/v1/transcripts", acme(g, scope).bearer()))
	}
}

// guess is one secret that nobody has, from a client's address.
func guess(t testing.TB, c *client, g *gate, from, secret string) response {
	t.Helper()
	got, err := c.exchange(g.request(http.MethodGet, "/v1/projects", bearer(secret), "X-Forwarded-For: "+from))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// guessesEnd floods the gate from one address after the other: for each of
// them, the store is asked about a hundred secrets, and 20 more each second.
func guessesEnd(t testing.TB, g *gate) {
	c := g.connect()
	known := g.plant(120, func(_ int, k *keys.Key) { k.Workspace, k.Scopes = "acme", []string{"read:projects"} })
	for _, k := range known { // a key that exists is no guess
		if got := guess(t, c, g, "203.0.113.7", k.Secret); got.status != http.StatusOK {
			t.Fatalf("a key that the node hasn't met was answered %v", got)
		}
	}
	g.upstream.seen()
	wantGuessesEnd(t, g, c, "an address", func(int) string { return "203.0.113.7" })
	wantGuessesEnd(t, g, c, "a /64", func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i) })
	if got := guess(t, c, g, "203.0.113.8", mint(g.options.prefixes, keys.Live)); got.code() != "unknown_key" {
		t.Errorf("from another address: %v", got)
	}
	if got := guess(t, c, g, "203.0.113.7", known[0].Secret); got.status != http.StatusOK {
		t.Errorf("a known key from an address that guesses: %v", got)
	}
}

func wantGuessesEnd(t testing.TB, g *gate, c *client, block string, address func(i int) string) {
	t.Helper()
	const burst, perSecond = 100, 20
	began := time.Now()
	asked := g.asksStore(func() {
		for i := range 2 * burst {
			got := guess(t, c, g, address(i), mint(g.options.prefixes, keys.Live))
			if got.code() == "unknown_key" {
				continue
			}
			if i < burst || got.code() != "rate_limited" || got.header.Get("Retry-After") == "" {
				t.Fatalf("%s: after %d guesses, answered %v", block, i, got)
			}
			return
		}
		t.Fatalf("%s: guesses have no end", block)
	})
	if most := burst + perSecond*int(time.Since(began)/time.Second+1); asked > most {
		t.Errorf("%s: the store was asked %d times, want %d at most", block, asked, most)
	}
	g.upstream.untouched(t)
}
