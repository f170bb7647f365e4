package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// Who asks about guessed keys is stopped by the client's address, and one that
// is no trusted proxy learns nothing at all.
func TestENUM04GuessesThroughVerifyAreLimitedByClient(t *testing.T) {
	t.Parallel()
	const burst = 20
	guesses := sized(500, 100_000)
	a := setupAsked(t, options{app: fmt.Sprintf("unknown_keys 1/m burst %d", burst), policy: "route GET /v1/items read", before: quiet}, asksHere)
	k := a.key("--scopes", "read")
	answers := map[string]int{}
	asked := a.asksStore(func() {
		for range guesses {
			got := a.about("GET", "/v1/items", bearer(mint(nil, keys.Live)))
			answers[got.code()]++
			if got.code() == "rate_limited" && got.header.Get("Retry-After") == "" {
				t.Fatal("a 429 without Retry-After")
			}
		}
	})
	if answers["unknown_key"]+answers["rate_limited"] != guesses || answers["unknown_key"] < burst || asked > 2*burst {
		t.Errorf("%v, and %d reads of the store", answers, asked)
	}
	wantIdentity(t, "a key that exists, from elsewhere", a.about("GET", "/v1/items", k.bearer(), "X-Forwarded-For: 192.0.2.8"), k.identity("read"))
	a.from = "127.0.0.2"
	if asked := a.asksStore(func() {
		for range burst {
			got := a.about("GET", "/v1/items", bearer(mint(nil, keys.Live)))
			wantRefused(t, "from anybody", got, http.StatusBadRequest, "ambiguous_path")
		}
	}); asked != 0 {
		t.Errorf("whoever isn't trusted made the store be read %d times", asked)
	}
}

// The key may stand in the query, and the project in a header, of the request
// that is asked about.
func TestVerifyReadsKeyAndProjectFromTheRequestThatItIsAskedAbout(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: `credential query api_key
		credential header X-Api-Key
		route GET /v1/items read {
			project {header.X-Project}
		}
		route GET /v1/sums read {
			project {query.project}
		}`}, asksHere)
	a.must(nil, "projects", "create", "p1")
	k := a.key("--scopes", "read", "--project", "p1")
	for target, want := range map[string]int{
		"/v1/sums?project=p1&api_key=" + k.Secret:     http.StatusOK,
		"/v1/sums?project=p2&api_key=" + k.Secret:     http.StatusForbidden,
		"/v1/sums?api_key=" + k.Secret + "&api_key=x": http.StatusBadRequest,
	} {
		if got := a.about("GET", target); got.status != want {
			t.Errorf("%s: answered %v, want %d", target, got, want)
		}
	}
	wantRefused(t, "the query of the one that asks", a.exactly("GET", "/verify?project=p1", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /v1/sums?project=p2",
		"X-Api-Key: "+k.Secret), http.StatusForbidden, "project_mismatch")
	wantRefused(t, "another project", a.about("GET", "/v1/items", "X-Api-Key: "+k.Secret, "X-Project: p2"), http.StatusForbidden, "project_mismatch")
	if got := a.about("GET", "/v1/items", "X-Api-Key: "+k.Secret, "X-Project: p1"); got.status != http.StatusOK {
		t.Errorf("its project: answered %v", got)
	}
}
