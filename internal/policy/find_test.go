package policy_test

import (
	"testing"

	"github.com/keystile/keystile/internal/policy"
)

func TestTheMostSpecificPatternWinsWhateverTheOrderOfLines(t *testing.T) {
	t.Parallel()
	lines := []string{"GET /*", "GET /a/*", "GET /a/{x}", "GET /a/b", "GET /a/b/*", "GET /{x}/b/c", "GET /{x}/{y}/d", "GET /a/{y}/*"}
	want := map[string]string{
		"GET /a/b":     "GET /a/b",
		"GET /a/c":     "GET /a/{x}",
		"GET /a/b/c":   "GET /a/b/*",
		"GET /a/c/d":   "GET /a/{y}/*",
		"GET /z/b/c":   "GET /{x}/b/c",
		"GET /z/y/d":   "GET /{x}/{y}/d",
		"GET /z/b/d":   "GET /{x}/{y}/d",
		"GET /z/y/e":   "GET /*",
		"GET /z":       "GET /*",
		"GET /":        "GET /*",
		"GET /a":       "GET /*",
		"GET /a/c/":    "GET /a/{y}/* + GET /a/{x}",
		"GET /a/":      "GET /a/*",
		"GET /a/b/c/d": "GET /a/b/*",
	}
	for range lines {
		check(t, setup(t, lines...), want)
		lines = append(lines[1:], lines[0])
	}
}

func TestASlashAndAStarTakeWhatIsBelowButNotThePathItself(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /a/*", "GET /b/{x}/*")
	check(t, table, map[string]string{
		"GET /a": "none", "GET /a/": "GET /a/*", "GET /a/b": "GET /a/*", "GET /a/b/c/": "GET /a/*", "GET /ab": "none", "GET /": "none",
		"GET /b": "none", "GET /b/": "none", "GET /b/x": "none", "GET /b/x/": "GET /b/{x}/*", "GET /b//": "none",
	})
}

func TestASlashAtTheEndIsAnotherPath(t *testing.T) {
	t.Parallel()
	check(t, setup(t, "GET /a/", "GET /b", "GET /"), map[string]string{
		"GET /a/": "GET /a/", "GET /b": "GET /b", "GET /": "GET /", "GET /c": "none", "GET /a/x": "none", "GET /b/x": "none",
		// not listed: 403, and under `default allow` nobody gets by with less
		"GET /a": "none + GET /a/", "GET /b/": "none + GET /b",
	})
}

func TestTheNamedMethodWinsOverTheStar(t *testing.T) {
	t.Parallel()
	table := setup(t, "* /a", "POST /a", "GET,PUT /b", "* /b/*", "GET /b/c", "HEAD /h", "GET /h", "PURGE /p")
	check(t, table, map[string]string{
		"POST /a": "POST /a", "GET /a": "* /a", "DELETE /a": "* /a", "OPTIONS /a": "* /a",
		"PUT /b": "GET,PUT /b", "POST /b": "none",
		"GET /b/c": "GET /b/c", "POST /b/c": "* /b/*",
		"HEAD /h": "HEAD /h", "GET /h": "GET /h", "PURGE /p": "PURGE /p", "GET /p": "none",
	})
}

func TestMethodsThatTheTableDoesNotListMeetNothing(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /v1/admin", "* /v1/any")
	t.Run("METH-01 HEAD needs what GET needs", func(t *testing.T) {
		t.Parallel()
		check(t, table, map[string]string{"HEAD /v1/admin": "GET /v1/admin", "HEAD /v1/any": "* /v1/any"})
	})
	t.Run("METH-03 TRACE and CONNECT", func(t *testing.T) {
		t.Parallel()
		check(t, table, map[string]string{"TRACE /v1/admin": "none", "TRACE /v1/any": "none", "CONNECT /v1/any": "none"})
	})
	t.Run("METH-04 other case and unknown methods", func(t *testing.T) {
		t.Parallel()
		check(t, table, map[string]string{
			"get /v1/admin": "none", "Get /v1/admin": "none", "FOO /v1/admin": "none",
			"get /v1/any": "none", "FOO /v1/any": "none", "head /v1/any": "none", "PURGE /v1/any": "none", " /v1/any": "none",
		})
	})
}

func TestWhatIsNotListedIsNotFound(t *testing.T) {
	t.Parallel()
	t.Run("PATH-12 below a gate", func(t *testing.T) {
		t.Parallel()
		check(t, setup(t, "GET /v1/a", "GET /v1/b/{x}"), map[string]string{
			"GET /v1/new": "none", "GET /v1": "none", "GET /v1/b": "none", "GET /v1/b/": "none", "GET /v1/b/c/d": "none", "GET /": "none", "GET /v1/aa": "none",
		})
	})
	t.Run("PATH-17 a question mark in the path is no query", func(t *testing.T) {
		t.Parallel()
		check(t, setup(t, "GET /public", "GET /v1/*"), map[string]string{"GET /v1/x%3F/public": "GET /v1/*", "GET /public%3Fx": "none"})
	})
	t.Run("in an empty table", func(t *testing.T) {
		t.Parallel()
		check(t, setup(t), map[string]string{"GET /": "none", "GET /a": "none", "GET ": "none"})
	})
	t.Run("a path that is none", func(t *testing.T) {
		t.Parallel()
		check(t, setup(t, "* /*"), map[string]string{"GET ": "none", "GET *": "none", "GET a": "none"})
	})
}

func TestEncodedLettersAreTheLettersTheyStandFor(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /v1/admin", "GET /v1/caf%C3%A9", "GET /v1/a%20b", "GET /v1/{x}", "GET /100%25")
	check(t, table, map[string]string{
		"GET /v1/%61dmin":                   "GET /v1/admin", // PATH-15
		"GET /%76%31/%61%64%6D%69%6e":       "GET /v1/admin",
		"GET /v1/caf%c3%a9":                 "GET /v1/caf%C3%A9",
		"GET /v1/caf%C3%A9":                 "GET /v1/caf%C3%A9",
		"GET /v1/%63%61%66%C3%a9":           "GET /v1/caf%C3%A9",
		"GET /v1/a%20b":                     "GET /v1/a%20b",
		"GET /v1/cafe":                      "GET /v1/{x}",
		"GET /100%25":                       "GET /100%25",
		"GET /v1/%41dmin":                   "GET /v1/{x} + GET /v1/admin",
		"GET /v1/caf%C3%89":                 "GET /v1/{x} + GET /v1/caf%C3%A9",
		"GET /v1/%E2%84%AAelvin":            "GET /v1/{x}",
		"GET /v1/a%20b%20":                  "GET /v1/{x} + GET /v1/a%20b",
		"GET /v1/a%20b;c":                   "GET /v1/{x} + GET /v1/a%20b",
		"GET /v1/a%20b%3Bc":                 "GET /v1/{x} + GET /v1/a%20b",
		"GET /v1/admin%2e":                  "GET /v1/{x} + GET /v1/admin",
		"GET /v1/admin%E2%80%8B":            "GET /v1/{x}",
		"GET /v1/%61%64%6d%69%6e%2e%20;x=1": "GET /v1/{x} + GET /v1/admin",
	})
}

func TestWildcardsTellWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /v1/{project}/files/{name}", "GET /v1/{project}/files/*", "GET /v1/{other}/{what}/end")
	for _, c := range []struct{ path, name, want string }{
		{"/v1/apollo/files/x", "project", "apollo"},
		{"/v1/apollo/files/x", "name", "x"},
		{"/v1/apollo/files/x/y", "project", "apollo"},
		{"/v1/ap%6Fllo/files/caf%C3%A9", "project", "apollo"},
		{"/v1/ap%6Fllo/files/caf%C3%A9", "name", "café"},
		{"/v1/a/b/end", "other", "a"},
		{"/v1/a/b/end", "what", "b"},
		{"/v1/APOLLO/files/x", "project", "APOLLO"},
		{"/v1/a;b/files/x.", "project", "a;b"},
	} {
		var m policy.Match
		table.Find("GET", c.path, &m)
		if got, ok := m.Value(c.name); !ok || got != c.want {
			t.Errorf("%s: {%s} is %q, %v; want %q", c.path, c.name, got, ok, c.want)
		}
		if got, ok := m.Value("nope"); ok {
			t.Errorf("%s: an unknown wildcard is %q", c.path, got)
		}
	}
	var none policy.Match
	if got, ok := none.Value("project"); ok {
		t.Errorf("without a route, a wildcard is %q", got)
	}
}

func TestAMatchHoldsNothingOfTheRequestBefore(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /a/{x}", "GET /a/b", "GET /c/{y}")
	var m policy.Match
	table.Find("GET", "/a/B", &m)
	if len(m.Shadows) != 1 {
		t.Fatalf("the first request has no shadow: %+v", m.Shadows)
	}
	table.Find("GET", "/nothing", &m)
	if m.Route != nil || m.Shadows != nil || m.Public() || m.Loose() || m.PassesJWT() {
		t.Errorf("%+v", m)
	}
}

func TestPlainPathsAreFoundWithoutAllocating(t *testing.T) { // not parallel: it counts allocations
	table := setup(t, apiTable()...)
	var m policy.Match
	for _, request := range []string{"/v1/area7/items", "/v1/area7/items/x42", "/v1/area3/items/x42/files/a/b", "/v1/area3/items/search", "/v1/nothing/here", "/"} {
		if n := testing.AllocsPerRun(100, func() { table.Find("GET", request, &m) }); n != 0 {
			t.Errorf("%s: %v allocations", request, n)
		}
	}
}
