package e2e

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func TestKeyIsTakenInEverySpellingOfItsHeader(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key()
	for _, line := range []string{
		"authorization: bearer " + k.Secret,
		"AUTHORIZATION: BEARER " + k.Secret,
		"Authorization: Bearer  " + k.Secret,
		"Authorization:Bearer    " + k.Secret,
		"Authorization: \t Bearer " + k.Secret + " \t",
	} {
		t.Run("CRED-01 "+strings.ReplaceAll(line, k.Secret, "KEY"), func(t *testing.T) {
			wantAnswer(t, g, g.get("/v1/items", line), http.StatusOK, "")
		})
	}
}

func TestNoCredentialIsChallengedWithoutAnError(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	for _, lines := range [][]string{nil, {"Authorization:"}, {"Authorization:  \t"}} {
		t.Run("CRED-02 CRED-03 "+strings.Join(lines, ""), func(t *testing.T) {
			asked := g.asksStore(func() {
				got := g.get("/v1/items", lines...)
				wantAnswer(t, g, got, http.StatusUnauthorized, "missing_key")
				if challenge := got.header.Get("WWW-Authenticate"); strings.Contains(challenge, "error") {
					t.Errorf("WWW-Authenticate %q speaks of an error, though nothing was presented", challenge)
				}
			})
			if asked != 0 {
				t.Errorf("asked the store %d times", asked)
			}
		})
	}
}

func TestKeyInTheQueryIsNoCredentialByDefault(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key()
	for _, target := range []string{"/v1/items?api_key=", "/v1/items?access_token=", "/v1/items?key="} {
		t.Run("CRED-07 "+target, func(t *testing.T) {
			// The access log would show the address: masking it is the log
			// encoder's work.
			wantAnswer(t, g, g.get(target+"not-"+k.Secret[:20]), http.StatusUnauthorized, "missing_key")
		})
	}
}

func TestSecondCredentialIsRefused(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	a, b := g.key(), g.key()
	attempts := []attempt{
		{name: "CRED-04 different keys", lines: []string{a.bearer(), b.bearer()}},
		{name: "CRED-04 the same key twice", lines: []string{a.bearer(), a.bearer()}},
		{name: "CRED-04 the second is empty", lines: []string{a.bearer(), "Authorization:"}},
		{name: "CRED-04 the first is empty", lines: []string{"authorization:", a.bearer()}},
		{name: "CRED-05 in one line", lines: []string{a.bearer() + ", Bearer " + b.Secret}},
		{name: "CRED-05 in one line, tight", lines: []string{a.bearer() + ",bearer " + a.Secret}},
	}
	for i := range attempts {
		attempts[i].target, attempts[i].status, attempts[i].code = "/v1/items", http.StatusBadRequest, "multiple_credentials"
	}
	if asked := g.asksStore(func() { tryAll(t, g, attempts) }); asked != 0 {
		t.Errorf("asked the store %d times", asked)
	}
}

func TestWhatIsNoKeyIsRefusedWithoutAskingTheStore(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: "servers {\n max_header_size 64KiB\n}"})
	s := g.key().Secret
	wrongSum := s[:len(s)-1] + string(other(s[len(s)-1]))
	attempts := []attempt{
		{name: "CRED-03 bare scheme", lines: []string{"Authorization: Bearer"}},
		{name: "CRED-03 bare scheme and spaces", lines: []string{"Authorization: Bearer    "}},
		{name: "CRED-08 Basic with the key as user", lines: []string{basic(s + ":")}},
		{name: "CRED-08 Basic with the key as password", lines: []string{basic("user:" + s)}},
		{name: "CRED-08 Basic and the plain key", lines: []string{"Authorization: Basic " + s}},
		{name: "CRED-08 no scheme", lines: []string{"Authorization: " + s}},
		{name: "CRED-10 wrong checksum", lines: []string{bearer(wrongSum)}},
		{name: "CRED-15 tab behind the scheme", lines: []string{"Authorization: Bearer\t" + s}},
		{name: "CRED-15 tab and space behind the scheme", lines: []string{"Authorization: Bearer \t" + s}},
		{name: "CRED-15 quotes", lines: []string{`Authorization: Bearer "` + s + `"`}},
		{name: "CRED-15 space inside", lines: []string{bearer(s[:10] + " " + s[10:])}},
		{name: "CRED-15 tab inside", lines: []string{bearer(s[:10] + "\t" + s[10:])}},
		{name: "CRED-15 text behind", lines: []string{bearer(s + " x")}},
		{name: "CRED-16 token of 20 KB", lines: []string{bearer(s + strings.Repeat("A", 20<<10))}},
		{name: "CRED-19 Cyrillic letter", lines: []string{bearer(s[:10] + "а" + s[11:])}},
		{name: "CRED-19 full-width digit", lines: []string{bearer(s[:10] + "１" + s[11:])}},
		{name: "CRED-19 byte order mark", lines: []string{bearer("\ufeff" + s)}},
		{name: "CRED-19 byte that is no UTF-8", lines: []string{bearer(s + "\xff")}},
	}
	for i := range attempts {
		attempts[i].target, attempts[i].status, attempts[i].code = "/v1/items", http.StatusUnauthorized, "malformed_key"
	}
	attempts = append(attempts,
		attempt{name: "CRED-09 JSON Web Token", target: "/v1/items", status: http.StatusUnauthorized, code: "jwt_not_supported",
			lines: []string{bearer("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")}},
		attempt{name: "CRED-09 alg none", target: "/v1/items", status: http.StatusUnauthorized, code: "jwt_not_supported",
			lines: []string{bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")}},
	)
	if asked := g.asksStore(func() { tryAll(t, g, attempts) }); asked != 0 {
		t.Errorf("asked the store %d times", asked)
	}
}

func basic(userinfo string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))
}

// other is another character of the alphabet of secrets.
func other(c byte) byte {
	if c == 'x' {
		return 'y'
	}
	return 'x'
}
