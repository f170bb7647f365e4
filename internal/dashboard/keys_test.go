package dashboard_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

var newKeyAsk = manage.NewKey{Name: "a key", Scopes: []string{"read", "write"}}

// Without a browser.
func TestDASH07AFormThatIsSentTwiceMakesOneKeyAndShowsItOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.signIn(t, f.token)
	form := newKeyForm("Twice", once(t, b.get(t, "/w/default/new-key")))
	first := b.post(t, "/w/default/new-key", form)
	second := b.post(t, "/w/default/new-key", form)
	if first.Header.Get("Location") == "" || first.Header.Get("Location") != second.Header.Get("Location") {
		t.Fatalf("led to %q and to %q", first.Header.Get("Location"), second.Header.Get("Location"))
	}
	at := "/" + strings.TrimPrefix(first.Header.Get("Location"), "../../")
	if strings.Contains(at, "ks_live_") {
		t.Errorf("the secret stands in the address %s", at)
	}
	b.ask(t, http.MethodHead, at, nil)
	b.ask(t, http.MethodGet, at, nil, "Sec-Purpose: prefetch") // DASH-02
	shown := b.get(t, at)
	wantPage(t, shown, http.StatusOK, "Your new key", `<pre id="secret" tabindex="0">ks_live_`)
	if shown.Header.Get("Content-Encoding") != "" {
		t.Error("a page with a secret is compressed")
	}
	again := b.get(t, at)
	wantPage(t, again, http.StatusOK, "secret was shown")
	if strings.Contains(again.text, `id="secret"`) {
		t.Error("the secret is shown again")
	}
	form.Set("name", "Another")
	wantPage(t, b.post(t, "/w/default/new-key", form), http.StatusConflict, "idempotency_conflict")
	found, err := f.manager.ListKeys(t.Context(), f.command, manage.KeyQuery{})
	must(t, err)
	if len(found.Data) != 1 {
		t.Errorf("%d keys were made", len(found.Data))
	}
}

func TestASecretIsForTheSessionThatMadeIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b, other := f.signIn(t, f.token), f.signIn(t, f.token)
	led := b.post(t, "/w/default/new-key", newKeyForm("Mine", "1")).Header.Get("Location")
	at := "/" + strings.TrimPrefix(led, "../../")
	wantPage(t, other.get(t, at), http.StatusOK, "secret was shown")
	f.now = f.now.Add(11 * time.Minute)
	late := b.get(t, at)
	wantPage(t, late, http.StatusOK, "secret was shown")
}

func TestWhatIsWrongIsSaidNextToTheField(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.manager.CreateProfile(t.Context(), f.command, manage.NewProfile{Name: "premium"})
	must(t, err)
	b := f.signIn(t, f.token)
	for param, change := range map[string][2]string{
		"name": {"name", "x"}, "expires_at": {"expiry", ""}, "scopes": {"scopes", "nonsense"}, "project": {"project", "nowhere"},
		"allowed_ips": {"allowed_ips", "nonsense"}, "kind": {"kind", "nonsense"}, "profile": {"profile", "none"}, "plan": {"plan", "none"},
	} {
		form := newKeyForm("A good name", "1")
		form.Set(change[0], change[1])
		got := b.post(t, "/w/default/new-key", form)
		wantPage(t, got, http.StatusUnprocessableEntity, `id="wrong-`+param+`"`)
	}
	wantPage(t, b.post(t, "/w/default/new-key", url.Values{"name": {"a<"}, "once": {"1"}, "expiry": {"never"}, "description": {"kept"}}),
		http.StatusUnprocessableEntity, "kept</textarea>", `value="a&lt;"`)
}

func TestWhatTheServiceForbidsIsForbiddenHere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.newKey(t, newKeyAsk)
	_, err := f.manager.CreateWorkspace(t.Context(), f.command, manage.NewWorkspace{Name: "acme"})
	must(t, err)
	b := f.signIn(t, f.token)
	wantPage(t, b.get(t, "/w/acme/keys"), http.StatusForbidden, "workspace_mismatch")
	wantPage(t, b.post(t, "/workspaces", url.Values{"name": {"mine"}, "once": {"1"}}), http.StatusForbidden, "not_permitted")
	wantPage(t, b.post(t, "/w/default/plan", url.Values{"plan": {"free"}}), http.StatusForbidden, "not_permitted")
	wantPage(t, b.post(t, "/w/default/tokens", url.Values{"name": {"x"}, "once": {"1"}, "expiry": {"never"}, "all_workspaces": {"yes"}}), http.StatusForbidden)
	form := url.Values{"name": {"a key"}, "scopes": {"read", "all"}, "etag": {k.ETag}, "expiry": {"keep"}}
	wantPage(t, b.post(t, keyPath(k.ID, "/edit"), form), http.StatusUnprocessableEntity, "scope_widening")
	wantRedirect(t, b.post(t, keyPath(k.ID, "/revoke"), url.Values{}), "../../../../w/default/keys/"+string(k.ID))
	wantPage(t, b.post(t, keyPath(k.ID, "/reactivate"), url.Values{}), http.StatusConflict, "revocation_permanent")
	wantPage(t, b.get(t, keyPath("key_nobodys")), http.StatusNotFound, "not_found")
}

func TestAnEditThatAnotherHasOvertakenIsShownAndCanBeSaved(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.newKey(t, newKeyAsk)
	b := f.signIn(t, f.token)
	wantPage(t, b.get(t, keyPath(k.ID, "/edit")), http.StatusOK)
	form := url.Values{"name": {"Mine"}, "scopes": {"read"}, "etag": {k.ETag}, "expiry": {"keep"}, "metadata": {"team=blue\r\nnote=a=b"}}
	_, err := f.manager.EditKey(t.Context(), f.command, k.ID, manage.KeyEdit{Name: manage.Stated("Theirs")})
	must(t, err)
	got := b.post(t, keyPath(k.ID, "/edit"), form)
	wantPage(t, got, http.StatusPreconditionFailed, "Somebody changed the key", `value="Mine"`)
	now, err := f.manager.ShowKey(t.Context(), f.command, k.ID)
	must(t, err)
	form.Set("etag", now.ETag)
	wantRedirect(t, b.post(t, keyPath(k.ID, "/edit"), form), "../../../../w/default/keys/"+string(k.ID))
	now, err = f.manager.ShowKey(t.Context(), f.command, k.ID)
	must(t, err)
	if now.Name != "Mine" || len(now.Scopes) != 1 || now.Metadata["note"] != "a=b" || now.Metadata["team"] != "blue" {
		t.Errorf("the key is %+v", now)
	}
	form.Set("metadata", "no sign of equality")
	form.Set("etag", now.ETag)
	wantPage(t, b.post(t, keyPath(k.ID, "/edit"), form), http.StatusUnprocessableEntity, `id="wrong-metadata"`)
}

func TestKeysAreFilteredSortedAndPaged(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 120 {
		f.now = start.Add(time.Duration(i) * time.Second)
		ask := manage.NewKey{Name: "Customer " + string(rune('a'+i%26)) + strings.Repeat("x", i%7)}
		if i%4 == 0 {
			ask.Environment, ask.ExpiresIn = keys.Test, "10d"
		}
		f.newKey(t, ask)
	}
	b := f.signIn(t, f.token)
	count := func(target string) int { return strings.Count(b.get(t, target).text, `<th scope="row">`) }
	for target, want := range map[string]int{
		"/w/default/keys": 50, "/w/default/keys?page=3": 20, "/w/default/keys?environment=test": 30, "/w/default/keys?only=ending&sort=expires": 30,
		"/w/default/keys?q=customer+z": 4, "/w/default/keys?q=nobody": 0, "/w/default/keys?sort=-name&page=3": 20, "/w/default/keys?status=revoked": 0,
	} {
		if got := count(target); got != want {
			t.Errorf("%s lists %d keys, want %d", target, got, want)
		}
	}
	first := b.get(t, "/w/default/keys?sort=name")
	wantPage(t, first, http.StatusOK, "1–50 of 120", `aria-sort="ascending"`, `href="?page=2&amp;sort=name"`)
	if a, z := strings.Index(first.text, "Customer a"), strings.Index(first.text, "Customer b"); a < 0 || z < a {
		t.Error("names aren't in their order")
	}
	f.now = start.Add(100 * 24 * time.Hour)
	b = f.signIn(t, f.token)
	wantPage(t, b.get(t, "/w/default/keys?only=unused"), http.StatusOK, "of 90")
	for _, query := range []string{"sort=digest", "page=-1", "page=9999999", "only=x", "status=x", "environment=x"} {
		if got := b.get(t, "/w/default/keys?"+query); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d", query, got.StatusCode)
		}
	}
}

func TestAnExportHoldsEveryKeyAndNoFormula(t *testing.T) {
	t.Parallel()
	f := setup(t)
	evil := []string{`=HYPERLINK("http://evil")`, "+1+1", "-2-2", "@SUM(A1)", "\u00a0=1+1", "＝1+1", "%0a=1", "|calc"}
	for _, name := range evil {
		f.newKey(t, manage.NewKey{Name: name + "   ", Description: "\t=1", Owner: name})
	}
	b := f.signIn(t, f.token)
	got := b.get(t, "/w/default/keys.csv")
	rows, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	must(t, err)
	if len(rows) != len(evil)+1 || got.Header.Get("Content-Disposition") == "" {
		t.Fatalf("%d rows: %s", len(rows), got.text)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if text := strings.TrimSpace(cell); text != "" && strings.ContainsAny(text[:1], "=+-@|%\t") || strings.HasPrefix(text, "＝") {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
	}
	if strings.Contains(got.text, "digest") || strings.Contains(got.text, "ks_live_0") && !strings.Contains(got.text, "…") {
		t.Error("the export holds more than a hint")
	}
}

func TestAWorkspaceOfManyKeysIsExportedWhole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	fill(t, f, 1100)
	b := f.signIn(t, f.token)
	for target, want := range map[string]int{"/w/default/keys.csv": 1100, "/w/default/keys.csv?environment=test": 0, "/w/default/keys.csv?only=unused": 1100} {
		rows, err := csv.NewReader(strings.NewReader(b.get(t, target).text)).ReadAll()
		must(t, err)
		ids := map[string]bool{}
		for _, row := range rows[1:] {
			ids[row[0]] = true
		}
		if len(rows)-1 != want || len(ids) != want {
			t.Errorf("%s has %d rows of %d keys, want %d", target, len(rows)-1, len(ids), want)
		}
	}
}
