package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

// attacker is a site that somebody visits who is signed in.
func attacker(t *testing.T, html string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, html)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDashboardObeysNoOtherSite(t *testing.T) {
	t.Parallel()
	t.Run("DASH-01 forms and scripts of other sites", forgeRequests)
	t.Run("DASH-04 in a frame of another site", frameThePages)
}

// forgeRequests tries from another port of the same host, to which browsers
// send even strict cookies, and from another host.
func forgeRequests(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	k := p.newKey("")
	at := "http://" + p.at
	forms := map[string]string{
		"create": at + "/w/default/new-key", "revoke": at + "/w/default/keys/" + k.ID + "/revoke", "signout": at + "/sign-out",
		"project": at + "/w/default/projects", "token": at + "/w/default/tokens", "signin": at + "/sign-in",
	}
	var html strings.Builder
	for id, to := range forms {
		fmt.Fprintf(&html, `<form id="%s" method="post" action="%s"><input name="name" value="forged"><input name="once" value="x"><input name="expiry" value="never"><input name="token" value="%s"><button>Win</button></form>`, id, to, p.token)
	}
	w := p.signedIn(looks{})
	server := attacker(t, html.String())
	for _, site := range []string{server, strings.Replace(server, "127.0.0.1", "localhost", 1)} {
		for id := range forms {
			w.at = site
			w.open("/")
			if got := w.click("#" + id + " button"); got.Status != http.StatusForbidden {
				t.Errorf("the form %q of %s was answered with %d", id, site, got.Status)
			}
		}
		w.open("/")
		for _, to := range forms {
			for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded"} {
				eval[any](w, fmt.Sprintf(`fetch(%q, {method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": %q}, body: '{"name":"forged","once":"x"}'}).then(() => null, () => null)`, to, kind))
			}
		}
	}
	if ids := p.ids(""); len(ids) != 1 {
		t.Errorf("there are the keys %q, want the one that nobody forged", ids)
	}
	wantStatus(t, "the key that was to be revoked", p.get("/", k.bearer()), http.StatusOK)
	for _, list := range []string{"/v1/projects", "/v1/tokens"} {
		if got := p.do(http.MethodGet, list, ""); strings.Contains(got.body, "forged") {
			t.Errorf("%s holds what was forged: %s", list, got.body)
		}
	}
	w.at = at
	if w.open("/w/default/keys"); w.has("#token") {
		t.Error("another site signed somebody out")
	}
}

func frameThePages(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	w := p.signedIn(looks{})
	for _, path := range []string{"/w/default/keys", "/sign-in", "/nothing"} {
		w.at = attacker(t, `<iframe src="http://`+p.at+path+`"></iframe>`)
		w.open("/")
		tree := tell(w, page.GetFrameTree, cdp.Empty{}).FrameTree
		if len(tree.ChildFrames) != 1 || tree.ChildFrames[0].Frame.UnreachableURL == "" {
			t.Errorf("%s is shown in a frame: %+v", path, tree.ChildFrames)
		}
		got := p.as("").do(http.MethodGet, path, "")
		if got.header.Get("X-Frame-Options") != "DENY" || !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s has the headers %v", path, got.header)
		}
	}
}

// namesOfEvil are names that a page must show as what they are.
var namesOfEvil = []string{
	`<script>window.pwned=1</script>`, `"><img src=x onerror=window.pwned=1>`, `' onmouseover='window.pwned=1`, `{{7*7}} ${7*7} <%= 7*7 %>`,
	"right-to-left \u202eedirrevo", `</title><svg onload=window.pwned=1>`, `javascript:window.pwned=1`,
}

func TestDashboardShowsNamesAsText(t *testing.T) {
	t.Parallel()
	t.Run("DASH-03 names that are markup", evilNames)
}

func evilNames(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	w := p.signedIn(looks{})
	for _, name := range namesOfEvil {
		w.open("/w/default/new-key")
		w.fill("#name", name)
		w.fill("#description", name)
		w.fill("#owner", name)
		w.press("Create key")
		p.secret(w.text("#secret"))
		wantText(w, "main", name)
	}
	for _, id := range p.ids("") {
		p.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+id, `{"metadata":{"<script>":"<script>window.pwned=1</script>"}}`)
		for _, sub := range []string{"", "/edit", "/revoke", "/delete"} {
			w.open("/w/default/keys/" + id + sub)
			wantUnharmed(w)
		}
	}
	for _, path := range []string{"/w/default/keys", "/w/default/usage", "/w/default/audit", `/w/default/keys?q=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E`, "/w/default/%3Cscript%3E/x"} {
		if csp := w.open(path).Headers["Content-Security-Policy"]; strings.Contains(fmt.Sprint(csp), "unsafe") || !strings.Contains(fmt.Sprint(csp), "script-src 'self'") {
			t.Errorf("%s has the policy %v", path, csp)
		}
		wantUnharmed(w)
	}
	w.open("/w/default/keys")
	wantText(w, "tbody", namesOfEvil...)
	w.open("/w/default/new-key")
	eval[any](w, `document.querySelector("#name").removeAttribute("maxlength")`)
	w.fill("#name", strings.Repeat("x", 10<<10))
	if got := w.press("Create key"); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a name of 10 KB was answered with %d", got.Status)
	}
	wantText(w, "#wrong-name", "name must have 3 to 100 characters")
	csv := eval[string](w, `fetch("keys.csv").then((r) => r.text())`)
	if !strings.Contains(csv, "{{7*7}}") || strings.Contains(csv, "\n=") {
		t.Errorf("the export reads\n%s", csv)
	}
}

func wantUnharmed(w *window) {
	w.t.Helper()
	if eval[bool](w, `window.pwned !== undefined || document.querySelector("main script, main img, main [onmouseover], main svg[onload]") !== null`) {
		w.t.Errorf("%s runs what stands in a name:\n%s", w.address(), w.source())
	}
}
