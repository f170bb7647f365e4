package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func TestDashboardSessionsCantBeFixedOrKept(t *testing.T) {
	t.Parallel()
	t.Run("DASH-05 cookies before, during and after a session", sessionCookies)
	t.Run("DASH-06 addresses to go on to", nextAddresses)
	t.Run("DASH-07 secrets and the history", secretHistory)
	t.Run("DASH-02 changes by GET and HEAD", changesByGet)
}

// setupSecurePages adds a site with TLS, of a certificate of the test's own.
func setupSecurePages(t *testing.T) (p *pages, at string) {
	t.Helper()
	at = freeAddr(t)
	dir := t.TempDir()
	writeCertificate(t, dir)
	o := options{app: "scope read:projects \"Read project data\"\nscope write:projects \"Create and update projects\""}
	o.sites = fmt.Sprintf("https://%s {\nbind 127.0.0.1\ntls %s/cert.pem %s/key.pem\nkeystile_admin\n}\n", at, dir, dir)
	return setupPages(t, o, ""), at
}

func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: encoded},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func sessionCookies(t *testing.T) {
	t.Parallel()
	p, secureAt := setupSecurePages(t)
	_, port, _ := net.SplitHostPort(p.at)
	for at, name := range map[string]string{"http://" + p.at: "keystile-" + port, "https://" + secureAt: "__Host-keystile"} {
		secure := strings.HasPrefix(at, "https")
		w := openWindow(t, at, looks{})
		const planted = "planted-by-somebody-else-0123456789abcdefghijk"
		tell(w, network.SetCookie, network.SetCookieParams{Name: name, Value: planted, URL: at, Secure: &secure, Path: "/"})
		w.signIn(p.token)
		id := sessionCookie(w, name)
		if id.Value == planted || len(id.Value) < 43 {
			t.Errorf("%s: the session is %q", at, id.Value)
		}
		if !id.HTTPOnly || id.SameSite != network.CookieSameSiteStrict || id.Secure != secure || id.Path != "/" {
			t.Errorf("%s: the cookie is %+v", at, id)
		}
		if eval[string](w, "document.cookie") != "" {
			t.Errorf("%s: a script reads the cookie", at)
		}
		if strings.Contains(w.source(), p.token) || strings.Contains(w.source(), id.Value) {
			t.Errorf("%s: the page holds the token or the session", at)
		}
		w.press("Sign out")
		tell(w, network.SetCookie, network.SetCookieParams{Name: name, Value: id.Value, URL: at, Secure: &secure, Path: "/"})
		if w.open("/w/default/keys"); !w.has("#token") {
			t.Errorf("%s: a session that was ended is let in", at)
		}
	}
}

func sessionCookie(w *window, name string) *network.Cookie {
	w.t.Helper()
	for _, one := range w.cookies() {
		if one.Name == name {
			return one
		}
	}
	w.t.Fatalf("there is no cookie %s", name)
	return nil
}

func nextAddresses(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	w := p.window(looks{})
	for next, want := range map[string]string{
		"w/default/audit": "/w/default/audit", "w/default/keys?q=a": "/w/default/keys?q=a",
		"https://evil.example": "/w/default/keys", "//evil.example": "/w/default/keys", `/\evil.example`: "/w/default/keys",
		`w/\evil`: "/w/default/keys", "w/../../evil": "/w/default/keys", "w//evil.example": "/w/default/keys", "javascript:alert(1)": "/w/default/keys",
		"w/default/%2e%2e/%2e%2e//evil.example": "/w/default/keys", "\t//evil.example": "/w/default/keys",
	} {
		tell(w, network.ClearBrowserCookies, cdp.Empty{})
		w.open("/sign-in?next=" + url.QueryEscape(next))
		w.fill("#token", p.token)
		w.press("Sign in")
		if at := w.address(); at != w.at+want {
			t.Errorf("next=%s leads to %s, want %s", next, at, want)
		}
	}
}

// secretHistory goes back to a page with a secret and loads it anew, over TLS
// too, where browsers keep pages to go back to.
func secretHistory(t *testing.T) {
	t.Parallel()
	p, secureAt := setupSecurePages(t)
	elsewhere := attacker(t, "another site")
	for _, at := range []string{"http://" + p.at, "https://" + secureAt} {
		for _, l := range []looks{{}, {noScript: true}} {
			before := len(p.ids(""))
			w := openWindow(t, at, l)
			w.signIn(p.token)
			secret := makeKey(w, "Shown once")
			p.secret(secret)
			if shown := w.address(); strings.Contains(shown, secret) {
				t.Errorf("the secret stands in the address %s", shown)
			}
			w.follow(chromedp.Navigate(elsewhere))
			w.back()
			wantUnshown(w, secret, "the page that was gone back to from another site")
			again := makeKey(w, "Shown once more")
			p.secret(again)
			secret, before = again, before+1
			w.press("I have copied it: show the key")
			wantUnshown(w, secret, "the next page")
			w.back()
			wantUnshown(w, secret, "the page that was gone back to")
			w.open("/w/default/keys")
			w.back()
			wantUnshown(w, secret, "the page that was gone back to once more")
			w.follow(reload)
			wantUnshown(w, secret, "the page, loaded anew")
			w.back()
			wantUnshown(w, secret, "the form behind it")
			if now := len(p.ids("")); now != before+1 {
				t.Errorf("%d keys were made, want one", now-before)
			}
		}
	}
}

func wantUnshown(w *window, secret, where string) {
	w.t.Helper()
	if strings.Contains(w.source(), secret) {
		w.t.Errorf("%s (%s) shows the secret", where, w.address())
	}
}

// changesByGet asks with a session for each address that changes something.
func changesByGet(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	k := p.newKey("")
	w := p.signedIn(looks{})
	var cookie string
	for _, one := range w.cookies() {
		cookie = "Cookie: " + one.Name + "=" + one.Value
	}
	trail := len(p.trail(""))
	for _, path := range []string{
		"/sign-out", "/w/default/new-key?name=forged&once=1&expiry=never", "/w/default/projects?name=forged", "/w/default/profiles?name=forged",
		"/w/default/tokens?name=forged&expiry=never&once=1", "/w/default/plan?plan=free", "/workspaces?name=forged",
		"/w/default/keys/" + k.ID + "/revoke", "/w/default/keys/" + k.ID + "/delete", "/w/default/keys/" + k.ID + "/deactivate?status=inactive",
		"/w/default/keys/" + k.ID + "/rotate?once=1&grace=0s", "/w/default/keys/" + k.ID + "/edit?name=forged",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			p.as("").do(method, path, "", cookie, "Sec-Purpose: prefetch")
		}
	}
	if now := len(p.trail("")); now != trail {
		t.Errorf("the audit trail has %d entries more: %+v", now-trail, p.trail("")[:now-trail])
	}
	if w.open("/w/default/keys"); w.has("#token") {
		t.Error("a GET signed somebody out")
	}
}
