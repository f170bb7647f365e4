package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestProfilesNamesAreOptional(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	first := e.operator.made("/v1/keys", document{})
	second := e.operator.made("/v1/keys", document{"name": "with a name"})
	third := e.operator.made("/v1/keys", document{})
	for want, made := range map[string]document{"Key 1": first, "with a name": second, "Key 2": third} {
		if made.text("name") != want {
			t.Errorf("a key is called %q, want %q", made.text("name"), want)
		}
		e.calls("GET", "/", made.text("secret"), 200, "")
	}
}

func TestProfilesTheTableShowsStatusLastUseAndProfile(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	e.operator.made("/v1/profiles", document{"name": "strict"})
	active := e.operator.made("/v1/keys", document{"profile": "strict"})
	inactive := e.operator.made("/v1/keys", document{})
	e.operator.wants(200, "", http.MethodPatch, "/v1/keys/"+inactive.text("id"), document{"status": "inactive"})
	expired := e.operator.made("/v1/keys", document{"expires_in": "1s"})
	e.calls("GET", "/", active.text("secret"), 200, "")
	eventually(t, startWithin, "the key has expired and the call is counted", func() bool {
		_, is := e.operator.do(http.MethodGet, "/v1/keys/"+expired.text("id"), nil)
		_, used := e.operator.do(http.MethodGet, "/v1/keys/"+active.text("id"), nil)
		return is.text("status") == "expired" && !used.time("last_used_at").IsZero()
	})
	table := e.run(append(e.program.manage, "keys", "list", "--config", e.config)...)
	for id, words := range map[string][]string{
		active.text("id"):   {active.text("hint"), "active", "strict"},
		inactive.text("id"): {inactive.text("hint"), "inactive"},
		expired.text("id"):  {expired.text("hint"), "expired"},
	} {
		line := lineWith(table.out, id)
		if line == "" || !holdsAll(line, words) {
			t.Errorf("the table's line %q lacks one of %v", line, words)
		}
	}
}

// lineWith is the first line of a text that has a word.
func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestProfilesAKeyIsMadeWithOneOfTheCatalogueOrNone(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"profile": "strict"})
	e.operator.made("/v1/profiles", document{"name": "strict"})
	if got := e.operator.made("/v1/keys", document{"profile": "strict"}).text("profile"); got != "strict" {
		t.Errorf("made with profile %q", got)
	}
	if got := e.operator.made("/v1/keys", document{}).text("profile"); got != "" {
		t.Errorf("made without a profile: %q", got)
	}
}

func TestProfilesProfileAndStatusCanBeEdited(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	e.operator.made("/v1/profiles", document{"name": "strict"})
	e.operator.made("/v1/profiles", document{"name": "calm"})
	made := e.operator.made("/v1/keys", document{"profile": "strict"})
	path, secret := "/v1/keys/"+made.text("id"), made.text("secret")
	e.operator.wants(200, "", http.MethodPatch, path, document{"profile": "calm", "status": "inactive"})
	e.calls("GET", "/", secret, 401, "inactive_key")
	got := e.operator.wants(200, "", http.MethodPatch, path, document{"status": "active"})
	e.calls("GET", "/", secret, 200, "")
	if got.text("profile") != "calm" {
		t.Errorf("profile %q", got.text("profile"))
	}
}

func TestProfilesDeletingWarnsAndIsForGood(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	made := e.operator.made("/v1/keys", document{})
	asked := e.cli("keys", "delete", made.text("id"))
	if asked.status != 1 || !strings.Contains(asked.err, "--yes") {
		t.Errorf("a delete that nobody confirms: status %d, %q", asked.status, asked.err)
	}
	e.calls("GET", "/", made.text("secret"), 200, "")
	e.must(nil, "keys", "delete", made.text("id"), "--yes")
	eventually(t, startWithin, "the key is unknown", func() bool { return e.get("/", bearer(made.text("secret"))).code() == "unknown_key" })
}

func TestProfilesAnEndDateMakesAKeyExpired(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	made := e.operator.made("/v1/keys", document{})
	e.operator.wants(422, "invalid_request", http.MethodPatch, "/v1/keys/"+made.text("id"), document{"expires_at": "2020-01-01T00:00:00Z"})
	end := time.Now().Add(5 * time.Second).UTC().Format(time.RFC3339Nano)
	e.operator.wants(200, "", http.MethodPatch, "/v1/keys/"+made.text("id"), document{"expires_at": end})
	e.calls("GET", "/", made.text("secret"), 200, "")
	eventually(t, startWithin, "the key expires", func() bool { return e.get("/", bearer(made.text("secret"))).code() == "expired_key" })
	if _, got := e.operator.do(http.MethodGet, "/v1/keys/"+made.text("id"), nil); got.text("status") != "expired" {
		t.Errorf("status %q", got.text("status"))
	}
}

func TestProfilesTheUpstreamLearnsTheProfile(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "profiles")
	e.operator.made("/v1/profiles", document{"name": "strict"})
	made := e.operator.made("/v1/keys", document{"profile": "strict"})
	if got := e.get("/", bearer(made.text("secret")), "Keystile-Profile: calm"); got.status != 200 {
		t.Fatal(got)
	}
	if got := e.upstream.one(t).values("Keystile-Profile"); len(got) != 1 || got[0] != "strict" {
		t.Errorf("the upstream was told profile %q", got)
	}
}
