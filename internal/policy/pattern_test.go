package policy_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
)

func TestRoutesThatTieAreRefused(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"the same line":                  {"GET /a", "GET /a"},
		"wildcards of other names":       {"GET /a/{x}", "GET /a/{y}"},
		"one method of several":          {"GET,POST /a/*", "PUT,POST /a/*"},
		"two stars":                      {"* /a", "* /a"},
		"letters and their escapes":      {"GET /admin", "GET /%61dmin"},
		"escapes in either case":         {"GET /caf%c3%a9", "GET /caf%C3%A9"},
		"the same method twice in a row": {"GET,GET /a"},
		"far from each other":            {"GET /{x}/b/*", "POST /{x}/b/*", "GET /a", "GET /{y}/b/*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.NewTable(routes(lines...))
			if err == nil || !strings.Contains(err.Error(), "match the same requests") {
				t.Errorf("%q: %v", lines, err)
			}
		})
	}
}

func TestRoutesThatDifferDoNotTie(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{
		{"GET /a", "POST /a"}, {"GET /a", "* /a"}, {"GET /a", "GET /a/"}, {"GET /a/*", "GET /a"}, {"GET /a/{x}", "GET /a/b"}, {"GET /a", "GET /A"},
		{"GET /", "GET /*"}, {"GET /a/{x}", "GET /a/{x}/*"}, {"GET /%7Bx%7D", "GET /{x}"}, {"GET /%2A", "GET /*"}, {"HEAD /a", "GET /a"}, {},
	} {
		if _, err := policy.NewTable(routes(lines...)); err != nil {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

func TestPatternsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for pattern, reason := range map[string]string{
		"":                                     "does not begin with /",
		"a":                                    "does not begin with /",
		"*":                                    "does not begin with /",
		"//":                                   "empty segment",
		"/a//b":                                "empty segment",
		"/a//":                                 "empty segment",
		"/a//*":                                "empty segment",
		"/a*":                                  "wildcard takes a whole segment",
		"/*/a":                                 "wildcard takes a whole segment",
		"/a/**":                                "wildcard takes a whole segment",
		"/a{x}":                                "wildcard takes a whole segment",
		"/{x}b":                                "wildcard takes a whole segment",
		"/{x":                                  "wildcard takes a whole segment",
		"/a?b":                                 "wildcard takes a whole segment",
		"/a#b":                                 "wildcard takes a whole segment",
		`/a\b`:                                 "wildcard takes a whole segment",
		"/{}":                                  "is no wildcard",
		"/{a b}":                               "is no wildcard",
		"/{1}":                                 "is no wildcard",
		"/{a.b}":                               "is no wildcard",
		"/{{a}}":                               "is no wildcard",
		"/{x}/{x}":                             "names a wildcard twice",
		"/%zz":                                 "not percent-encoded",
		"/%":                                   "not percent-encoded",
		"/.":                                   "can't be met",
		"/a/../b":                              "can't be met",
		"/%2e%2e":                              "can't be met",
		"/...":                                 "can't be met",
		"/a/;x/b":                              "can't be met",
		"/%20":                                 "can't be met",
		"/a%2fb":                               "can't be met",
		"/a%00":                                "can't be met",
		"/a\n":                                 "can't be met",
		"/%ff":                                 "can't be met",
		strings.Repeat("/{a}", 9):              "more than 8 wildcards",
		"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}": "more than 8 wildcards",
	} {
		_, err := policy.NewTable(routes("GET " + pattern))
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, want %q", pattern, err, reason)
		}
	}
}

func TestMethodsThatCannotBeRoutedAreRefused(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"", "get", "Get", "CONNECT", "TRACE", "GET POST", "G_T", "**", "GÉT"} {
		if _, err := policy.NewTable([]*policy.Route{{Methods: []string{method}, Pattern: "/a"}}); err == nil {
			t.Errorf("%q is taken", method)
		}
	}
	if _, err := policy.NewTable([]*policy.Route{{Pattern: "/a"}}); err == nil {
		t.Error("a route without methods is taken")
	}
	for _, method := range []string{"*", "GET", "PURGE", "VERSION-CONTROL", "M-SEARCH"} {
		if _, err := policy.NewTable([]*policy.Route{{Methods: []string{method}, Pattern: "/a"}}); err != nil {
			t.Errorf("%q: %v", method, err)
		}
	}
}

func TestAPatternTakesAsManyWildcardsAsItMay(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", "GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{i}/*")
	var m policy.Match
	table.Find("GET", "/1/2/3/4/5/6/7/8/9", &m)
	if got, _ := m.Value("i"); got != "8" || len(m.Route.Params()) != policy.MaxWildcards {
		t.Errorf("{i} is %q of %v", got, m.Route.Params())
	}
	table.Find("GET", "/1/2/3/4/5/6/7/8", &m)
	if got, _ := m.Value("h"); got != "8" {
		t.Errorf("{h} is %q", got)
	}
}

func TestARouteIsCompiledInPlace(t *testing.T) {
	t.Parallel()
	all := routes("GET /a", "GET,POST /b/{x}/*")
	all[1].Cost = 5
	table, err := policy.NewTable(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range table.Routes() {
		if r != all[i] || r.Index != i {
			t.Errorf("route %d is %s, with index %d", i, r.Endpoint(), r.Index)
		}
	}
	if all[0].Cost != 1 || all[1].Cost != 5 || all[1].Endpoint() != "GET,POST /b/{x}/*" {
		t.Errorf("costs %d and %d of %s", all[0].Cost, all[1].Cost, all[1].Endpoint())
	}
}

func TestASiteTakesTheEnvironmentsThatItNames(t *testing.T) {
	t.Parallel()
	any, live := policy.Site{}, policy.Site{Environments: []keys.Environment{keys.Live}}
	if !any.Allows(keys.Live) || !any.Allows(keys.Test) || !live.Allows(keys.Live) || live.Allows(keys.Test) || live.Allows("") {
		t.Error("CRED-13: an environment is taken that isn't named, or the other way round")
	}
}

func FuzzPatternsAreRefusedOrMeetTheirOwnExamples(f *testing.F) {
	for _, pattern := range []string{"/", "/*", "/a", "/a/", "/a/{x}/*", "/%61", "/{x}", "/a;b", "//", "/{", "/%2e", "/caf%C3%A9"} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		r := &policy.Route{Methods: []string{"GET"}, Pattern: pattern}
		table, err := policy.NewTable([]*policy.Route{r})
		if err != nil {
			return
		}
		path := strings.TrimSuffix(pattern, "*")
		for _, name := range r.Params() {
			path = strings.ReplaceAll(path, "{"+name+"}", "x")
		}
		var m policy.Match
		if table.Find("GET", path, &m); m.Route != r || m.Shadows != nil {
			t.Errorf("%q doesn't meet %q, or is shadowed: %v", path, pattern, m.Shadows)
		}
	})
}
