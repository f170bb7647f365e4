package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func hmacOf(pepper, secret string) keys.Digest {
	mac := hmac.New(sha256.New, []byte(pepper))
	mac.Write([]byte(secret))
	return keys.Digest(mac.Sum(nil))
}

func newKeysGetTheNewPepper(t testing.TB, g *gate) {
	secret := mint(g.options.prefixes, keys.Live)
	g.secret(secret)
	w := workspace(g)
	g.update(func(ctx context.Context, tx storage.Tx) error {
		k := &keys.Key{Environment: keys.Live, Workspace: w, Scopes: []string{"read:projects"}}
		complete(k, secret, 0)
		k.Digest = hmacOf(thePepper, secret)
		return tx.InsertKey(ctx, k)
	})
	wantAllowed(t, g, g.get("/v1/projects", bearer(secret)))
	made := g.key("--workspace", w, "--scopes", "read:projects")
	defer g.takeAway(made)
	if !g.storedAs(hmacOf("a-new-pepper", made.Secret)) {
		t.Error("a new key is not under the new pepper")
	}
	wantAllowed(t, g, g.get("/v1/projects", made.bearer()))
}

func foreignSecretsPass(t testing.TB, g *gate) {
	wantImported(t, g, "9a8b7c6d5e4f-"+strings.ToLower(keys.NewTokenID()))
}

func threeKeysAreNotTooMany(_ testing.TB, g *gate) {
	w := workspace(g)
	for range 3 {
		g.key("--workspace", w)
	}
}

func aLiveKeyHasThreeCalls(t testing.TB, g *gate) {
	wantQuota(t, g, acme(g, "read:projects"), "/v1/projects", 3)
	wantAllowed(t, g, g.get("/v1/projects", acme(g, "read:projects").bearer()))
}

func aTestKeyHasThreeCalls(t testing.TB, g *gate) {
	wantQuota(t, g, acmeTest(g, "read:projects"), "/v1/projects", 3)
}

func theRouteHasAQuota(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	wantQuota(t, g, k, "/v1/projects/atlas/files", 2) // at a cost of five
	wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
}

// wantQuota checks that so many calls pass, and the next one doesn't.
func wantQuota(t testing.TB, g *gate, k key, target string, calls int) {
	t.Helper()
	for range calls {
		wantAllowed(t, g, g.get(target, k.bearer()))
	}
	wantAnswer(t, g, g.get(target, k.bearer()), http.StatusTooManyRequests, "quota_exceeded")
}

func fewKeysAreRemembered(t testing.TB, g *gate) {
	const many, few = 60, 20
	all := g.plant(many, func(_ int, k *keys.Key) { k.Workspace, k.Scopes = "acme", []string{"read:projects"} })
	ask := func() {
		for _, k := range all {
			wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
		}
	}
	ask()
	if asked := g.asksStore(ask); asked < many-few {
		t.Errorf("the store was asked about %d of %d keys that were met before", asked, many)
	}
}

func everyKeyNeedsAProject(t testing.TB, g *gate) {
	w := workspace(g)
	g.must(nil, "projects", "create", "of-"+w, "--workspace", w)
	g.key("--workspace", w, "--project", "of-"+w)
	if done := g.cli("keys", "create", "a key", "--workspace", w); done.status != 1 || !strings.Contains(done.err, "project") {
		t.Errorf("without a project: exit status %d, %s", done.status, done.err)
	}
}

func aKeyNeedsNoName(t testing.TB, g *gate) {
	var token struct{ Secret string }
	g.must(&token, "tokens", "create", "a token", "--workspace", workspace(g))
	g.secret(token.Secret)
	const body = `{"environment":"test"}`
	got := g.send("POST /v1/keys HTTP/1.1\r\nHost: admin.example.com\r\nConnection: close\r\nContent-Type: application/json\r\n" +
		bearer(token.Secret) + "\r\nContent-Length: 22\r\n\r\n" + body)
	var made struct{ Name, Secret string }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || got.status != http.StatusCreated {
		t.Fatalf("answered %v, want 201", got)
	}
	g.secret(made.Secret)
	if !strings.HasPrefix(made.Name, "Key ") {
		t.Errorf("the key is called %q", made.Name)
	}
}

func oneOfTwoScopesIsNeeded(t testing.TB, g *gate) {
	const target = "/v1/projects/atlas/files"
	for _, scope := range []string{"write:projects", "projects-write"} {
		wantAllowed(t, g, g.get(target, acme(g, "read:projects", scope).bearer()))
		wantAnswer(t, g, g.get(target, acme(g, scope).bearer()), http.StatusForbidden, "insufficient_scope")
	}
	wantAnswer(t, g, g.get(target, acme(g, "read:projects").bearer()), http.StatusForbidden, "insufficient_scope")
}

func theRouteIsForTesting(t testing.TB, g *gate) {
	const target = "/v1/projects/atlas/files"
	live := acme(g, "read:projects")
	wantAllowed(t, g, g.get(target, acmeTest(g, "read:projects").bearer()))
	wantAllowed(t, g, g.get("/v1/projects", live.bearer()))
	wantAnswer(t, g, g.get(target, live.bearer()), http.StatusForbidden, "environment_not_allowed")
}

func encodedSlashesPass(t testing.TB, g *gate) {
	const target = "/v1/projects/atlas/a%2Fb"
	k := acme(g, "read:projects")
	wantHidden(t, g, g.get(target, k.bearer()), k, target)
	wantAnswer(t, g, g.get("/v1/projects/atlas/..%2Fb", k.bearer()), http.StatusBadRequest, "ambiguous_path")
}
