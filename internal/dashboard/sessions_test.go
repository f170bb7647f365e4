package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

func TestStrangersAreLedToSignInAndBack(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := &browser{fixture: f}
	wantRedirect(t, b.get(t, "/"), "./sign-in")
	wantRedirect(t, b.get(t, "/w/default/keys?q=a"), "../../sign-in?next=w%2Fdefault%2Fkeys%3Fq%3Da")
	wantPage(t, b.get(t, "/w/default/keys.json"), http.StatusUnauthorized)
	wantPage(t, b.post(t, "/w/default/new-key", newKeyForm("a key", "1")), http.StatusUnauthorized, "You are signed out")
	wantRedirect(t, b.post(t, "/sign-in", url.Values{"token": {f.token}, "next": {"w/default/audit"}}), "./w/default/audit")
	wantRedirect(t, b.get(t, "/"), "./w/default/keys")
}

func TestWhatIsNoGoodTokenBeginsNoSession(t *testing.T) {
	t.Parallel()
	f := setup(t)
	plain := f.newKey(t, manage.NewKey{})
	for _, token := range []string{"", "kst_", "kst_RzTwQxPzb0czLKLhGkpo3GzQTR9NW62rzmlC", strings.Repeat("x", 5000), plain.Secret.Reveal()} {
		f.tries.left = 5
		b := &browser{fixture: f}
		got := b.post(t, "/sign-in", url.Values{"token": {token}})
		if got.StatusCode != http.StatusUnauthorized && got.StatusCode != http.StatusForbidden || b.cookie != nil {
			t.Errorf("%.20s: answered %d with %v", token, got.StatusCode, b.cookie)
		}
		if token != "" && len(token) > 4 && strings.Contains(got.text, token) {
			t.Error("the page repeats what was presented")
		}
	}
	if strings.Contains(f.log.String(), "kst_Rz") {
		t.Errorf("the log holds a token: %s", f.log)
	}
}

func TestTriesToSignInAreBoundedAndGoodOnesDontCount(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 20 {
		f.signIn(t, f.token)
	}
	b := &browser{fixture: f}
	for i := range 10 {
		got := b.post(t, "/sign-in", url.Values{"token": {"kst_wrong"}})
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[i < 5]; got.StatusCode != want {
			t.Errorf("try %d: answered %d, want %d", i, got.StatusCode, want)
		}
		if i >= 5 && got.Header.Get("Retry-After") == "" {
			t.Error("nobody says when to try again")
		}
	}
	if got := b.post(t, "/sign-in", url.Values{"token": {f.token}}); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("behind the bound, a good token was answered with %d: it could be guessed on", got.StatusCode)
	}
}

// Without a browser.
func TestDASH05ASessionIsNewWithEachSignInAndEndsOnTheServer(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, secure := range []bool{false, true} {
		f.secure = secure
		b := f.signIn(t, f.token)
		first := b.cookie
		if !first.HttpOnly || first.SameSite != http.SameSiteStrictMode || first.Secure != secure || first.Path != "/" || strings.HasPrefix(first.Name, "__Host-") != secure {
			t.Errorf("the cookie is %+v", first)
		}
		b.post(t, "/sign-in", url.Values{"token": {f.token}})
		second := b.cookie
		if second.Value == first.Value {
			t.Error("a session that was there before goes on under its ID")
		}
		old := &browser{fixture: f, cookie: first}
		if got := old.get(t, "/w/default/keys"); got.StatusCode != http.StatusSeeOther {
			t.Errorf("the session before is let in: %d", got.StatusCode)
		}
		wantRedirect(t, b.ask(t, http.MethodPost, "/sign-out", url.Values{}), "./sign-in")
		gone := &browser{fixture: f, cookie: second}
		if got := gone.get(t, "/w/default/keys"); got.StatusCode != http.StatusSeeOther {
			t.Errorf("a session that was ended is let in: %d", got.StatusCode)
		}
	}
}

// A session's end goes by how long it lasts.
func TestTIME02ASessionEndsUnusedAndInAnyCase(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.signIn(t, f.token)
	f.now = f.now.Add(29 * time.Minute)
	wantPage(t, b.get(t, "/w/default/keys"), http.StatusOK)
	f.now = f.now.Add(29 * time.Minute)
	wantPage(t, b.get(t, "/w/default/keys.json"), http.StatusOK)
	f.now = f.now.Add(2 * time.Minute)
	if got := b.get(t, "/w/default/keys"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("a page that refreshes itself keeps a session alive: %d", got.StatusCode)
	}
	b = f.signIn(t, f.token)
	for range 24 {
		f.now = f.now.Add(29 * time.Minute)
		wantPage(t, b.get(t, "/w/default/keys"), http.StatusOK)
	}
	f.now = f.now.Add(29 * time.Minute)
	if got := b.get(t, "/w/default/keys"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("a session lasts for ever as long as it is used: %d", got.StatusCode)
	}
}

func TestASessionEndsWithItsTokenOrKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made, err := f.manager.CreateToken(t.Context(), f.command, manage.NewToken{Name: "short", ExpiresIn: "10m"})
	must(t, err)
	byToken, ending := f.signIn(t, f.token), f.signIn(t, made.Secret.Reveal())
	manager := f.newKey(t, manage.NewKey{Name: "a manager", Scopes: []string{"manage:api-keys"}})
	byKey := f.signIn(t, manager.Secret.Reveal())
	for _, b := range []*browser{byToken, ending, byKey} {
		wantPage(t, b.get(t, "/w/default/keys"), http.StatusOK)
	}
	if got := byKey.get(t, "/w/default/tokens"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a key sees tokens: %d", got.StatusCode)
	}
	_, err = f.manager.RevokeKey(t.Context(), f.command, manager.ID, manage.Revocation{})
	must(t, err)
	f.now = f.now.Add(10 * time.Minute)
	tokens, err := f.manager.ListTokens(t.Context(), f.command, manage.TokenQuery{})
	must(t, err)
	for _, one := range tokens.Data {
		must(t, f.manager.DeleteToken(t.Context(), f.command, one.ID))
	}
	for _, b := range []*browser{byToken, ending, byKey} {
		wantPage(t, b.post(t, "/w/default/new-key", newKeyForm("forged", "1")), http.StatusUnauthorized)
		if got := b.get(t, "/w/default/keys"); got.StatusCode != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", got.StatusCode)
		}
	}
}
