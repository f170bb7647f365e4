package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shownPages are all pages of the dashboard, with what to ask for. {key} is a
// key that is being rotated.
var shownPages = []struct{ name, path string }{
	{"keys", "/w/default/keys"},
	{"keys-filtered", "/w/default/keys?q=a&status=active&sort=-calls"},
	{"keys-none-fits", "/w/default/keys?q=nobody%20has%20this"},
	{"keys-empty", "/w/acme/keys"},
	{"new-key", "/w/default/new-key"},
	{"key", "/w/default/keys/{key}?span=30d"},
	{"key-edit", "/w/default/keys/{key}/edit"},
	{"key-revoke", "/w/default/keys/{key}/revoke"},
	{"key-rotate", "/w/default/keys/{other}/rotate"},
	{"key-delete", "/w/default/keys/{key}/delete"},
	{"key-deactivate", "/w/default/keys/{other}/deactivate"},
	{"usage", "/w/default/usage?span=30d"},
	{"audit", "/w/default/audit"},
	{"projects", "/w/default/projects"},
	{"project-delete", "/w/default/projects/storefront/delete"},
	{"tokens", "/w/default/tokens"},
	{"plan", "/w/default/plan"},
	{"workspaces", "/workspaces"},
	{"not-found", "/nothing"},
}

// setupShowcase starts a gate with a workspace that was used for a year.
func setupShowcase(t testing.TB) (p *pages, path func(string) string) {
	t.Helper()
	o := options{driver: "sqlite", app: "scope read:projects \"Read project data\"\nscope write:projects \"Create and update projects\"\n" +
		"plan free {\nmax_keys 20\nquota 1000000/month\n}\nplan pro {\nmax_keys 500\n}\ndefault_plan free\nrate_limit live 100/s burst 200\nrotation_grace 7d"}
	o, d := withDesk(t, o, "")
	d.gate = prepare(t, o)
	ids := furnishShowcase(d.gate)
	d.start()
	d.credential = d.newToken("--all-workspaces")
	replacer := strings.NewReplacer("{key}", string(ids["Checkout backend"]), "{other}", string(ids["Data warehouse"]))
	return &pages{desk: d, token: d.newToken()}, replacer.Replace
}

// Each page is shot light, dark and on a phone, into the folder that
// KEYSTILE_SCREENSHOTS names, and two of them for the README: make screenshots
// does it.
func TestDashboardScreenshots(t *testing.T) {
	folder := os.Getenv("KEYSTILE_SCREENSHOTS")
	if folder == "" {
		t.Skip("KEYSTILE_SCREENSHOTS names no folder: make screenshots does")
	}
	p, path := setupShowcase(t)
	shown := map[looks]string{{tall: 800}: "/w/default/keys", {tall: 800, dark: true}: "/w/default/keys/{key}?span=30d"}
	for l, at := range shown { // before pictures make keys of their own
		w := p.window(l)
		w.signIn(p.credential)
		w.open(path(at))
		name := map[bool]string{false: "dashboard-keys.png", true: "dashboard-key.png"}[l.dark]
		w.snap(filepath.Join("../docs/images", name))
	}
	for name, l := range map[string]looks{"light": {}, "dark": {dark: true}, "phone": {phone: true}} {
		w := p.window(l)
		w.open("/sign-in")
		w.shoot(filepath.Join(folder, "sign-in-"+name+".png"))
		w.signIn(p.credential)
		for _, page := range shownPages {
			w.open(path(page.path))
			w.shoot(filepath.Join(folder, page.name+"-"+name+".png"))
		}
		w.open("/w/default/new-key")
		w.fill("#name", "A key for the picture "+name)
		w.press("Create key")
		p.secret(w.text("#secret"))
		w.shoot(filepath.Join(folder, "secret-"+name+".png"))
	}
	fmt.Println("the screenshots are in", folder)
}
