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

// A handler behind the gate may ask for the target as the client sent it.
func TestTheTargetThatTheClientSentIsToldWithoutItsKey(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: masked, policy: canarySources, before: "rewrite /old/* /v1{uri}", behind: "reverse_proxy $UPSTREAM {\n" +
		"header_up X-Sent {orig_uri}\nheader_up X-Query {http.request.orig_uri.query}\n}"})
	k := g.key()
	for name, row := range map[string]struct {
		target, sent string
		lines        []string
	}{
		"nothing to take off":   {"/v1/items?page=2", "/v1/items?page=2", []string{k.bearer()}},
		"key in the query":      {"/v1/items?page=2&api_key=" + k.Secret, "/v1/items?page=2", nil},
		"key in a query, alone": {"/v1/items?api_key=" + everyByteEscaped(k.Secret), "/v1/items", nil},
		"copy in a parameter":   {"/v1/items?a=1&debug=" + k.Secret + "&b=2", "/v1/items?a=1&b=2", []string{k.bearer()}},
		"rewritten":             {"/old/items?a=1&api_key=" + k.Secret, "/old/items?a=1", nil},
	} {
		t.Run("LEAK-03 "+name, func(t *testing.T) {
			wantOK(t, g.get(row.target, row.lines...))
			arrived := g.upstream.one(t)
			_, query, _ := strings.Cut(row.sent, "?")
			if sent, got := arrived.head.Header.Get("X-Sent"), arrived.head.Header.Get("X-Query"); sent != row.sent || got != query || shows(arrived.raw, k.Secret) {
				t.Errorf("told %q and %q of %s:\n%s", sent, got, row.sent, arrived.raw)
			}
		})
	}
}
