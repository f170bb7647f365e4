package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// threeSources takes keys in a header and in the query.
const threeSources = "credential bearer\ncredential header X-Api-Key\ncredential query api_key\nroute * /v1/* read\nroute GET /admin admin"

func TestRULE04ExactlyOneWellFormedKeyIsLookedUp(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: masked, policy: threeSources})
	k := g.key("--scopes", "read")
	wantAnswer(t, g, g.get("/v1/x", k.bearer()), http.StatusOK, "") // it is in memory
	const (
		none = "401 missing_key"
		bad  = "401 malformed_key"
		many = "400 multiple_credentials"
	)
	with := func(lines ...string) string {
		return "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\n" + strings.Join(lines, "\r\n") + "\r\n"
	}
	at := func(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: $HOST\r\n" }
	asked := g.asksStore(func() {
		g.tryOddities(t, k,
			oddity{"three lines", with("$KEY", "$KEY", "$KEY"), many},
			oddity{"two names of one header", with("X-Api-Key: $SECRET", "x-API-key: $SECRET"), many},
			oddity{"a header and a header", with("$KEY", "X-Api-Key: $SECRET"), many},
			oddity{"garbage in one of two places", with("$KEY", "X-Api-Key: garbage"), many},
			oddity{"garbage first", with("Authorization: Basic eA==", "X-Api-Key: $SECRET"), many},
			oddity{"a name in the query, escaped", at("/v1/x?%61pi_key=$SECRET&api_key=$SECRET"), many},
			oddity{"a query and another behind it", at("/v1/x?api_key=$SECRET?api_key=$SECRET"), bad},
			oddity{"a query's name in capitals", at("/v1/x?API_KEY=$SECRET"), none},
			oddity{"a query's list", at("/v1/x?api_key[]=$SECRET"), none},
			oddity{"a key without a value and one with", at("/v1/x?api_key&api_key=$SECRET"), many},
			oddity{"a plus for a blank", at("/v1/x?api_key=$SECRET+"), bad},
			oddity{"a line end behind a key", at("/v1/x?api_key=$SECRET%0a"), bad},
			oddity{"a NUL behind a key", at("/v1/x?api_key=$SECRET%00"), bad},
			oddity{"a scheme in the query", at("/v1/x?api_key=Bearer%20$SECRET"), bad},
			oddity{"a scheme in the header", with("X-Api-Key: Bearer $SECRET"), bad},
			oddity{"two keys in the header", with("X-Api-Key: $SECRET, $SECRET"), many + " | " + bad},
			oddity{"a comma behind", with("Authorization: Bearer $SECRET,"), bad},
			oddity{"a semicolon behind", with("Authorization: Bearer $SECRET;"), bad},
			oddity{"a parameter behind", with(`Authorization: Bearer $SECRET, realm="x"`), bad},
			oddity{"a scheme and an equals sign", with("Authorization: Bearer=$SECRET"), bad},
			oddity{"a parameter in its place", with("Authorization: Bearer token=$SECRET"), bad},
			oddity{"the scheme twice", with("Authorization: Bearer Bearer $SECRET"), bad},
			oddity{"another scheme before", with("Authorization: Negotiate, Bearer $SECRET"), bad + " | " + many},
			oddity{"another word for it", with("Authorization: Token $SECRET"), bad},
			oddity{"escapes", with("Authorization: Bearer %6b$SECRET"), bad},
			oddity{"a folded line", with("Authorization: Bearer", " $SECRET"), "400 | GET /v1/x HTTP/1.1"},
			oddity{"in a cookie", with("Cookie: api_key=$SECRET; Authorization=Bearer $SECRET"), none},
			oddity{"as a proxy's", with("Proxy-Authorization: Bearer $SECRET"), none},
			oddity{"as a user", at("http://$SECRET@$HOST/v1/x"), none},
			oddity{"as a user's password", at("http://x:$SECRET@$HOST/v1/x"), none},
			oddity{"in a form", "POST /v1/x HTTP/1.1\r\nHost: $HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\napi_key=x", none},
			oddity{"in a trailer", "POST /v1/x HTTP/1.1\r\nHost: $HOST\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\n$KEY\r\n\r\n", none},
			oddity{"in a path", at("/v1/$SECRET"), none},
			oddity{"named by Connection", with("$KEY", "Connection: Authorization"), "GET /v1/x HTTP/1.1"},
		)
		for how, secret := range map[string]string{
			"in lower case": strings.ToLower(k.Secret), "in capitals": strings.ToUpper(k.Secret), "prefix in capitals": "KS_LIVE_" + k.Secret[8:],
			"twice": k.Secret + k.Secret, "backwards": backwards(k.Secret), "without its prefix": k.Secret[8:], "its ID": k.ID, "its hint": k.Secret[:11] + "…" + k.Secret[len(k.Secret)-4:],
		} {
			g.tryOddities(t, key{Secret: secret}, oddity{fmt.Sprintf("the key %s", how), with("$KEY"), bad})
		}
	})
	if asked != 0 {
		t.Errorf("the store was asked %d times", asked)
	}
}

func backwards(text string) string {
	var b strings.Builder
	for i := len(text) - 1; i >= 0; i-- {
		b.WriteByte(text[i])
	}
	return b.String()
}
