package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestKeyInOnePlaceOnly(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: canarySources, global: masked})
	a, b := g.key(), g.key()
	query := "/v1/items?api_key="
	twice := func(name, target string, lines ...string) attempt {
		return attempt{name: "CRED-06 " + name, target: target, lines: lines, status: http.StatusBadRequest, code: "multiple_credentials"}
	}
	once := func(name, target string, lines ...string) attempt {
		return attempt{name: "CRED-06 " + name, target: target, lines: lines, status: http.StatusOK}
	}
	refused := []attempt{
		twice("Authorization and query", query+b.Secret, a.bearer()),
		twice("Authorization and query, the same key", query+a.Secret, a.bearer()),
		twice("Authorization and query, garbage", query+"garbage", a.bearer()),
		twice("query and garbage in Authorization", query+a.Secret, "Authorization: Basic garbage"),
		twice("Authorization and query, behind a semicolon", "/v1/items?x=1;api_key="+b.Secret, a.bearer()),
		twice("Authorization and query, under an escaped name", "/v1/items?api%5fkey="+b.Secret, a.bearer()),
		twice("header and query", query+b.Secret, "X-Api-Key: "+a.Secret),
		twice("Authorization and header", "/v1/items", a.bearer(), "X-Api-Key: "+b.Secret),
		twice("query twice", query+a.Secret+"&api_key="+b.Secret),
		twice("all three", query+a.Secret, a.bearer(), "X-Api-Key: "+a.Secret),
	}
	if asked := g.asksStore(func() { tryAll(t, g, refused) }); asked != 0 {
		t.Errorf("asked the store %d times", asked)
	}
	tryAll(t, g, []attempt{
		once("query alone", query+a.Secret),
		once("header alone", "/v1/items", "X-Api-Key: "+a.Secret),
		once("Authorization and an empty parameter", query, a.bearer()),
		once("Authorization and another parameter", "/v1/items?key=x", a.bearer()),
	})
}

func TestKeyInTheQueryIsInNoLogThoughItIsNoCredential(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: masked})
	k := g.key()
	for _, target := range []string{"/v1/items?api_key=", "/v1/items?access_token=", "/v1/items?a=1;key="} {
		for _, secret := range []string{k.Secret, everyByteEscaped(k.Secret), liveSecret()} {
			t.Run("CRED-07 "+target, func(t *testing.T) {
				wantAnswer(t, g, g.get(target+secret), http.StatusUnauthorized, "missing_key")
			})
		}
	}
	log := g.log()
	if shows(log, k.Secret) {
		t.Error("the log shows the key")
	}
	if n := strings.Count(log, "ks_live_***"); n < 2*3 {
		t.Errorf("the log shows %d masked keys: the requests are not in it", n)
	}
}
