package e2e

import (
	"net/http"
	"strings"
)

// dashboardPages are pages of a workspace that list or tell what there is.
// $SECRET is one that somebody has pasted where it doesn't belong.
var dashboardPages = []string{
	"/w/default/keys", "/w/default/keys?status=$SECRET", "/w/default/keys?cursor=$SECRET", "/w/default/keys.csv", "/w/default/keys.json", "/w/default/keys/$SECRET",
	"/w/default/keys/$SECRET/secret", "/w/default/usage", "/w/default/usage?by=$SECRET", "/w/default/audit", "/w/default/projects",
	"/w/default/tokens", "/w/default/plan", "/workspaces", "/w/$SECRET/keys", "/switch?to=$SECRET", "/sign-in?next=/$SECRET", "/$SECRET",
}

// searches are pages whose form keeps what was asked for: for who asked, and for
// nobody else.
var searches = []string{"/w/default/keys?q=$SECRET", "/w/default/audit?action=$SECRET"}

const form = "Content-Type: application/x-www-form-urlencoded"

// pastSignIn signs in with secrets that are no tokens. No answer shows them.
func (d desk) pastSignIn() map[string]string {
	d.t.Helper()
	tried := map[string]string{"a key at sign-in": d.newKey("").Secret, "an unknown key at sign-in": liveSecret(), "an unknown token at sign-in": "kst_" + liveSecret()[8:]}
	for name, secret := range tried {
		got := d.as("").do(http.MethodPost, "/sign-in", "token="+secret, form)
		if got.header.Get("Set-Cookie") != "" && !strings.Contains(name, "a key") || strings.Contains(got.raw, secret) {
			d.t.Errorf("%s: %v", name, got)
		}
	}
	return tried
}

// openPages are the pages of the dashboard, as somebody sees them who is signed
// in, and the secrets that stood in their addresses.
func (d desk) openPages() (pages, pasted map[string]string) {
	d.t.Helper()
	cookie, _, _ := strings.Cut(d.as("").do(http.MethodPost, "/sign-in", "token="+d.credential, form).header.Get("Set-Cookie"), ";")
	pages, pasted = map[string]string{}, map[string]string{}
	open := func(path string) string {
		d.t.Helper()
		secret := liveSecret()
		if strings.Contains(path, "$SECRET") {
			pasted[path] = secret
		}
		return d.as("").do(http.MethodGet, strings.ReplaceAll(path, "$SECRET", secret), "", "Cookie: "+cookie).raw
	}
	for _, path := range dashboardPages {
		pages[path] = open(path)
	}
	for _, path := range searches {
		open(path)
	}
	id := d.ids("?limit=1")[0]
	for _, deed := range []string{"", "/refresh.json", "/secret", "/edit", "/rotate", "/revoke"} {
		pages["a key"+deed] = open("/w/default/keys/" + id + deed)
	}
	if !strings.Contains(pages["/w/default/keys"], id) {
		d.t.Errorf("the list of keys: %s", pages["/w/default/keys"])
	}
	return pages, pasted
}
