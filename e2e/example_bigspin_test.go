package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBigspinKeysBearThePrefix(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	made := e.operator.made("/v1/keys", document{"name": "reader", "scopes": []string{"projects-read"}})
	if secret := made.text("secret"); !strings.HasPrefix(secret, "sk-bigspin-api03-") {
		t.Error("the secret of a new key doesn't begin with sk-bigspin-api03-")
	}
	e.calls("GET", "/v1/projects", made.text("secret"), 200, "")
}

func TestBigspinKeysOfTheOldPrefixGoOnWithoutRotation(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	const old = "sk-prism-api03-ZmFrZS1idXQtbG9uZw_AA"
	e.secret(old)
	digest := sha256.Sum256([]byte(old))
	rows := filepath.Join(e.dir, "old.csv")
	text := "name,digest,algorithm,scopes\nfrom before,%s,sha256,projects-read halfpipe-transcripts-write\n"
	if err := os.WriteFile(rows, fmt.Appendf(nil, text, hex.EncodeToString(digest[:])), 0o600); err != nil {
		t.Fatal(err)
	}
	e.calls("GET", "/v1/projects", old, 401, "unknown_key")
	e.must(nil, "import", rows)
	eventually(t, startWithin, "the imported key works", func() bool {
		return e.get("/v1/projects", bearer(old)).status == 200
	})
}

func TestBigspinScopesDecideWhatAKeyMayDo(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	reader := e.operator.made("/v1/keys", document{"name": "reader", "scopes": []string{"projects-read"}}).text("secret")
	writer := e.operator.made("/v1/keys", document{"name": "writer", "scopes": []string{"projects-write"}}).text("secret")
	e.calls("GET", "/v1/projects", reader, 200, "")
	e.calls("GET", "/v1/projects/p1/transcripts", reader, 200, "")
	e.calls("POST", "/v1/projects", reader, 403, "insufficient_scope")
	e.calls("POST", "/v1/projects/p1/transcripts", reader, 403, "insufficient_scope")
	e.calls("POST", "/v1/projects", writer, 200, "")
	e.calls("GET", "/v1/projects", writer, 403, "insufficient_scope")
}

func TestBigspinTheOldScopeCreatesProjectsAndUploadsTranscripts(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	old := e.operator.made("/v1/keys", document{"name": "uploader", "scopes": []string{"halfpipe-transcripts-write"}}).text("secret")
	e.calls("POST", "/v1/projects", old, 200, "")
	e.calls("POST", "/v1/projects/p1/transcripts", old, 200, "")
	e.calls("GET", "/v1/projects", old, 403, "insufficient_scope")
}

const userToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"

func TestBigspinWebTokensAreRefusedOnMostEndpoints(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	for _, target := range []string{"/v1/projects", "/v1/projects/p1", "/v1/projects/p1/transcripts"} {
		e.calls("GET", target, userToken, 401, "jwt_not_supported")
	}
	e.upstream.untouched(t)
}

func TestBigspinWebTokensPassUntouchedWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	e.calls("GET", "/v1/me", userToken, 200, "")
	if got := e.upstream.one(t).values("Authorization"); len(got) != 1 || got[0] != "Bearer "+userToken {
		t.Errorf("the upstream got Authorization %q", got)
	}
}

func TestBigspinRefusals(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	e.operator.made("/v1/workspaces", document{"name": "rivals"})
	e.operator.made("/v1/projects?workspace=rivals", document{"name": "theirs"})
	reader := e.operator.made("/v1/keys", document{"name": "reader", "scopes": []string{"projects-read"}}).text("secret")
	e.calls("GET", "/v1/projects", "", 401, "missing_key")
	e.calls("GET", "/v1/projects", "sk-bigspin-api03-nonsense", 401, "malformed_key")
	e.calls("GET", "/v1/projects/theirs", reader, 403, "workspace_mismatch")
	e.calls("POST", "/v1/projects", reader, 403, "insufficient_scope")
	e.upstream.untouched(t)
}

func TestBigspinRevokedKeysCanBeReactivatedAndDeletedOnesAreGone(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	made := e.operator.made("/v1/keys", document{"name": "reader", "scopes": []string{"projects-read"}})
	path, secret := "/v1/keys/"+made.text("id"), made.text("secret")
	for range 2 {
		e.operator.wants(200, "", http.MethodPost, path+"/revoke", document{"reason": "laptop lost"})
		e.calls("GET", "/v1/projects", secret, 401, "revoked_key")
		e.operator.wants(200, "", http.MethodPost, path+"/reactivate", nil)
		e.calls("GET", "/v1/projects", secret, 200, "")
	}
	e.operator.wants(204, "", http.MethodDelete, path, nil)
	e.calls("GET", "/v1/projects", secret, 401, "unknown_key")
	e.operator.wants(404, "not_found", http.MethodPost, path+"/reactivate", nil)
}

func TestBigspinTheListShowsWhatPeopleNeed(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	made := e.operator.made("/v1/keys", document{"name": "Nightly export", "scopes": []string{"projects-read"}})
	secret := made.text("secret")
	e.calls("GET", "/v1/projects", secret, 200, "")
	var row document
	eventually(t, startWithin, "the use is counted", func() bool {
		_, list := e.operator.do(http.MethodGet, "/v1/keys", nil)
		row = list.rows()[0]
		return !row.time("last_used_at").IsZero()
	})
	hint := secret[:len("sk-bigspin-api03-")+3] + "…" + secret[len(secret)-4:]
	for name, want := range map[string]string{"name": "Nightly export", "hint": hint, "status": "active", "created_by": "tests", "workspace": "default"} {
		if row.text(name) != want {
			t.Errorf("%s is %q, want %q", name, row.text(name), want)
		}
	}
	if time.Since(row.time("created_at")) > time.Minute || row["secret"] != nil {
		t.Errorf("row: %v", row)
	}
}

func TestBigspinKeysAreTiedToTheirWorkspace(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bigspin")
	e.operator.made("/v1/workspaces", document{"name": "acme"})
	token := e.principal(e.operator.made("/v1/tokens?workspace=acme", document{"name": "acme's"}).text("secret"))
	mine := token.made("/v1/keys", document{"name": "reader", "scopes": []string{"projects-read"}})
	if mine.text("workspace") != "acme" {
		t.Errorf("workspace %q", mine.text("workspace"))
	}
	token.wants(422, "immutable_field", http.MethodPatch, "/v1/keys/"+mine.text("id"), document{"workspace": "default"})
	other := e.operator.made("/v1/keys", document{"name": "another's"}).text("id")
	token.wants(404, "not_found", http.MethodGet, "/v1/keys/"+other, nil)
	e.calls("GET", "/v1/projects", mine.text("secret"), 200, "")
	if got := e.upstream.one(t).values("Keystile-Workspace"); len(got) != 1 || got[0] != "acme" {
		t.Errorf("the upstream was told workspace %q", got)
	}
}
