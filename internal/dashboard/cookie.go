package dashboard

import (
	"crypto/rand"
	"net"
	"net/http"
)

// cookieName is bound to the host and to TLS by its prefix. Without TLS, as on
// one's own machine, ports share cookies: the name keeps two of them apart.
func (v *visit) cookieName() string {
	if v.Secure(v.r) {
		return "__Host-keystile"
	}
	if _, port, err := net.SplitHostPort(v.r.Host); err == nil {
		return "keystile-" + port
	}
	return "keystile"
}

func (v *visit) cookie(name, value string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: without TLS, a browser takes no Secure cookie
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: v.Secure(v.r),
	}
}

// sessionID is the one that the browser has; empty: none, or more than one.
func (v *visit) sessionID() string {
	all := v.r.CookiesNamed(v.cookieName())
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}

// setSession gives the browser a session, or takes the one that it has.
func (v *visit) setSession(id string) {
	c := v.cookie(v.cookieName(), id) //nolint:gosec // G124: as above
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

// forgetPage answers a picture of nothing that a page with a secret holds.
// Browsers keep pages to go back to, some even those that say no-store; but not
// where a cookie that no script sees has changed since, and this one does.
func forgetPage(v *visit) error {
	http.SetCookie(v.w, v.cookie(v.cookieName()+"-shown", rand.Text()))
	v.w.Header().Set("Content-Type", "image/svg+xml")
	v.send(http.StatusOK, []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`), false)
	return nil
}
