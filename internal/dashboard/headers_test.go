package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/dashboard"
)

// Without a browser.
func TestDASH04DASH01EveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.newKey(t, newKeyAsk)
	b := f.signIn(t, f.operator)
	for _, target := range []string{
		"/", "/sign-in", "/w/default/keys", "/w/default/keys.csv", "/w/default/keys.json", keyPath(k.ID), "/w/nowhere/keys", "/nothing", "//", "/w/../x",
		"/w/default/keys?status=nonsense", "/w/default/keys?page=0", "/assets/none.css", "/workspaces", "/shown.svg",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			got := b.ask(t, method, target, nil)
			csp := got.Header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") ||
				got.Header.Get("X-Frame-Options") != "DENY" || got.Header.Get("Cache-Control") != "no-store" ||
				got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s %s: %d with %v", method, target, got.StatusCode, got.Header)
			}
		}
	}
}

func TestFormsOfOtherSitesAreRefusedWhateverTheyAsk(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.signIn(t, f.operator)
	for _, target := range []string{"/sign-out", "/sign-in", "/w/default/new-key", "/w/default/projects", "/workspaces", "/nothing"} {
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://evil.example", "Origin: null"} {
			if got := b.ask(t, http.MethodPost, target, url.Values{"name": {"forged"}}, header); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: answered %d", target, header, got.StatusCode)
			}
		}
	}
	wantPage(t, b.get(t, "/w/default/keys"), http.StatusOK)
	got := b.ask(t, http.MethodPost, "/w/default/new-key", nil, "Content-Type: text/plain", "Sec-Fetch-Site: same-origin")
	wantPage(t, got, http.StatusUnsupportedMediaType)
}

// Without a browser.
func TestDASH06WhereToGoOnToIsOneOfOurPages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, next := range []string{"https://evil", "//evil", `/\evil`, "w/..", "w//evil", "w/%2e%2e/x", "w/%2f%2fevil", "w/a#//evil", "w/a\r\nX: y", "javascript:alert(1)", "assets/x", "sign-out"} {
		b := &browser{fixture: f}
		wantRedirect(t, b.post(t, "/sign-in", url.Values{"token": {f.token}, "next": {next}}), "./")
	}
}

// A fault of the store is a page that says when to come again, and nothing of
// why.
func TestAStoreThatFailsIsAPageWithoutAWordOfWhy(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.signIn(t, f.token)
	must(t, f.store.Close())
	for _, target := range []string{"/w/default/keys", "/w/default/keys.csv", "/w/default/keys.json"} {
		got := b.get(t, target)
		wantPage(t, got, http.StatusServiceUnavailable, "store_unavailable", "request-1")
		if got.Header.Get("Retry-After") == "" || strings.Contains(got.text, "closed") || strings.Contains(got.text, "sql") {
			t.Errorf("%s: %v %s", target, got.Header, got.text)
		}
	}
	if !strings.Contains(f.log.String(), "request-1") || !strings.Contains(f.log.String(), "closed") {
		t.Errorf("the log doesn't say why: %s", f.log)
	}
	stranger := &browser{fixture: f}
	wantPage(t, stranger.post(t, "/sign-in", url.Values{"token": {f.token}}), http.StatusServiceUnavailable)
}

// Without a browser: whatever changes something is a POST.
func TestDASH02NothingChangesByReading(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k := f.newKey(t, newKeyAsk)
	b := f.signIn(t, f.operator)
	before, err := f.store.Confirm(t.Context())
	must(t, err)
	for _, target := range dashboard.Addresses(k.ID) {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			b.ask(t, method, target+"?name=forged&once=1&expiry=never&plan=free&workspace=default&reason=x", nil)
		}
	}
	after, err := f.store.Confirm(t.Context())
	must(t, err)
	if before != after {
		t.Errorf("the store moved from %v to %v", before, after)
	}
	wantPage(t, b.get(t, "/w/default/keys"), http.StatusOK)
}
