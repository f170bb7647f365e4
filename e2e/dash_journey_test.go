package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What people do on the dashboard, they can do without script as well, on a
// phone, and wherever it is mounted.
func TestDashboardDoesWhatItIsAskedTo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		looks looks
		mount string
	}{
		"with script": {},
		"without script, on a phone, under a path": {looks{noScript: true, phone: true}, "/manage/keystile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := setupPages(t, options{}, c.mount)
			w := p.window(c.looks)
			w.open("/")
			if at := w.address(); !strings.HasPrefix(at, w.at+"/sign-in") {
				t.Errorf("a stranger is led to %s", at)
			}
			journey(t, p, c.looks)
		})
	}
}

func journey(t *testing.T, p *pages, l looks) {
	p.t = t
	w := p.signedIn(l)
	secret := makeKey(w, "Nightly export")
	p.secret(secret)
	k := key{ID: p.named("Nightly export"), Secret: secret}
	wantStatus(t, "a new key", p.get("/", k.bearer()), http.StatusOK)

	w.open("/w/default/keys/" + k.ID + "/edit")
	w.fill("#name", "Nightly export 2")
	w.tick(`input[value="write:projects"]`)
	w.press("Save")
	wantText(w, "main", "Your changes are saved.", "Nightly export 2")
	if strings.Contains(w.text(".facts"), "write:projects") {
		t.Error("a scope that was unticked is there still")
	}

	w.press("Deactivate")
	w.press("Deactivate the key")
	wantText(w, "main", "INACTIVE")
	wantCode(t, p.get("/", k.bearer()), http.StatusUnauthorized, "inactive_key")
	w.press("Reactivate")
	w.press("Reactivate the key")
	wantText(w, "main", "ACTIVE")
	wantStatus(t, "a key that is active again", p.get("/", k.bearer()), http.StatusOK)

	w.press("Rotate")
	w.press("Make the new key")
	wantText(w, "main", "Your new key", "It takes the place of")
	successor := w.text("#secret")
	p.secret(successor)
	wantStatus(t, "the old key", p.get("/", k.bearer()), http.StatusOK)
	wantStatus(t, "the new key", p.get("/", bearer(successor)), http.StatusOK)
	w.open("/w/default/keys/" + k.ID)
	wantText(w, ".rotation", "Rotation under way", "% of the calls")

	w.press("Revoke")
	wantText(w, "main", "It was last used", "This can’t be undone")
	w.fill("#reason", "the journey ends")
	w.press("Revoke the key")
	wantText(w, "main", "REVOKED", "the gateway refuses it by now", "the journey ends")
	wantCode(t, p.get("/", k.bearer()), http.StatusUnauthorized, "revoked_key")
	w.press("Delete")
	w.press("Delete the key")
	wantText(w, "main", "The key is deleted.")
	wantCode(t, p.get("/", k.bearer()), http.StatusUnauthorized, "unknown_key")
	placesJourney(t, p, w)
}

// makeKey fills in the form of a new key, and returns its secret.
func makeKey(w *window, name string) (secret string) {
	w.t.Helper()
	w.open("/w/default/keys")
	w.press("New key")
	w.fill("#name", name)
	w.tick(`input[value="read:projects"]`)
	w.tick(`input[value="write:projects"]`)
	w.press("Create key")
	wantText(w, "main", "Your new key", "it is shown once", "curl -H")
	return w.text("#secret")
}

// placesJourney goes round the pages of a workspace.
func placesJourney(t *testing.T, p *pages, w *window) {
	t.Helper()
	w.open("/w/default/projects")
	w.fill("#project-name", "apollo")
	w.click("form[action=projects] button")
	wantText(w, "main", "The project is there.", "apollo")
	w.fill("#profile-name", "premium")
	w.click("form[action=profiles] button")
	wantText(w, "main", "The profile is there.", "premium")
	w.open("/w/default/profiles/premium/delete")
	w.press("Delete the profile")
	wantText(w, "main", "The profile is deleted.")
	w.open("/w/default/projects/apollo/delete")
	w.press("Delete the project")
	wantText(w, "main", "The project is deleted.")

	w.open("/w/default/tokens")
	w.fill("#name", "for a script")
	w.press("Create token")
	wantText(w, "main", "Your new token")
	token := w.text("#secret")
	p.secret(token)
	wantStatus(t, "the new token", p.as(token).do(http.MethodGet, "/v1/keys", ""), http.StatusOK)
	w.press("I have copied it: show the tokens")
	wantText(w, "main", "for a script")

	w.open("/w/default/audit?action=key.revoke")
	wantText(w, "main", "the journey ends")
	w.open("/w/default/plan")
	wantText(w, "main", "of 40 keys are made")
	w.open("/w/default/usage")
	wantText(w, "main", "Top keys", "Unused for 90 days")
	if w.open("/w/acme/keys").Status != http.StatusForbidden {
		t.Error("a workspace's token enters another one")
	}

	w.open("/w/default/keys")
	w.press("Sign out")
	if at := w.address(); !strings.HasSuffix(at, "/sign-in") {
		t.Errorf("signed out, and at %s", at)
	}
	w.open("/w/default/keys")
	if !w.has("#token") {
		t.Error("signed out, and still let in")
	}
}

// An operator's token makes workspaces, moves between them, and changes plans.
func TestDashboardLetsOperatorsSwitchWorkspaces(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{app: "plan free {\nmax_keys 2\n}\nplan pro {\n}\ndefault_plan free"}, "")
	for _, l := range []looks{{}, {noScript: true}} {
		name := map[bool]string{false: "acme", true: "globex"}[l.noScript]
		w := p.window(l)
		w.signIn(p.credential)
		w.open("/workspaces")
		w.fill("#name", name)
		w.press("Create workspace")
		wantText(w, "main", "The workspace is there.", "No keys yet")
		w.press("New key")
		w.fill("#name", "Theirs")
		w.press("Create key")
		p.secret(w.text("#secret"))
		w.open("/w/default/keys")
		choose := chromedp.SetValue(chromedp.CSS("#switch-workspace"), name)
		if l.noScript {
			get(w, choose)
			w.click(".switches form button")
		} else {
			w.follow(choose)
		}
		wantText(w, "main", "1 of 2 keys", "Theirs")
		w.open("/w/" + name + "/plan")
		w.fill("#plan", "pro")
		w.press("Change")
		wantText(w, "main", "and there is no bound")
	}
}

// While a page is open, what changes is seen on it.
func TestDashboardKeepsAnOpenPageUpToDate(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	k := p.newKey("")
	w := p.signedIn(looks{})
	wantText(w, "tbody", "never")
	calls := `[data-fresh="` + k.ID + `.calls"]`
	for range 3 {
		p.get("/", k.bearer())
	}
	eventually(t, 20*time.Second, "the open list counts the calls", func() bool { return w.text(calls) == "3" })
	if used := w.text(`[data-fresh="` + k.ID + `.used"]`); !strings.Contains(used, "ago") && used != "just now" {
		t.Errorf("last used: %q", used)
	}
	p.read(nil, http.StatusOK, http.MethodPost, "/v1/keys/"+k.ID+"/revoke", "{}")
	eventually(t, 20*time.Second, "the open list sees that the key is revoked", func() bool { return w.text(`[data-fresh="`+k.ID+`.status"]`) == "REVOKED" })
}

// A session outlives a reload of the configuration, and not its token.
func TestDashboardSessionsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	w := p.signedIn(looks{})
	p.options.policy = "paths_that_no_option_has"
	if p.tryReload(p.caddyfile()) == nil {
		t.Fatal("a wrong configuration was taken")
	}
	p.options.policy = "route * /* read:projects"
	p.reload(p.caddyfile())
	eventually(t, startWithin, "the new listener of the dashboard is the only one", func() bool { return listeners(t, p.at) == 1 })
	if w.open("/w/default/keys"); w.has("#token") {
		t.Error("a reload signed everybody out")
	}
	var tokens struct{ Data []key }
	p.read(&tokens, http.StatusOK, http.MethodGet, "/v1/tokens", "")
	for _, one := range tokens.Data {
		p.read(nil, http.StatusNoContent, http.MethodDelete, "/v1/tokens/"+one.ID, "")
	}
	if w.open("/w/default/keys"); !w.has("#token") {
		t.Error("the session of a deleted token goes on")
	}
}
