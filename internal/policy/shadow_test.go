package policy_test

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/keystile/keystile/internal/policy"
)

func TestASpellingVariantNeverNeedsFewerRights(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /v1/*", "GET /v1/admin", "GET /v1/users/{id}", "GET /v1/users/me", "* /v1/admin/keys/*")
	for id, want := range map[string]map[string]string{
		"PATH-13 slash, dot, space and parameters": {
			"GET /v1/admin/":             "GET /v1/* + GET /v1/admin",
			"GET /v1/admin.":             "GET /v1/* + GET /v1/admin",
			"GET /v1/admin%20":           "GET /v1/* + GET /v1/admin",
			"GET /v1/admin;x=1":          "GET /v1/* + GET /v1/admin",
			"GET /v1/admin;x=1/":         "GET /v1/* + GET /v1/admin",
			"GET /v1/admin.%20.;a;b":     "GET /v1/* + GET /v1/admin",
			"GET /v1;a/admin":            "none + GET /v1/admin",
			"HEAD /v1/admin/":            "GET /v1/* + GET /v1/admin",
			"GET /v1/admin./keys/x":      "GET /v1/* + * /v1/admin/keys/*",
			"DELETE /v1/admin/Keys/x":    "none + * /v1/admin/keys/*",
			"GET /v1/users/me;session=1": "GET /v1/users/{id} + GET /v1/users/me",
		},
		"PATH-14 case": {
			"GET /v1/ADMIN":    "GET /v1/* + GET /v1/admin",
			"GET /V1/ADMIN":    "none + GET /v1/admin",
			"GET /v1/Admin/":   "GET /v1/* + GET /v1/admin",
			"GET /v1/users/ME": "GET /v1/users/{id} + GET /v1/users/me",
			"HEAD /v1/aDMIN":   "GET /v1/* + GET /v1/admin",
		},
		"a plain spelling is shadowed by nothing": {
			"GET /v1/admin": "GET /v1/admin", "GET /v1/users/me": "GET /v1/users/me", "GET /v1/users/42": "GET /v1/users/{id}",
			"GET /v1/other": "GET /v1/*", "GET /v1/OTHER": "GET /v1/*", "GET /v1/administrator": "GET /v1/*", "GET /v1/admin/keys/x": "* /v1/admin/keys/*",
			"GET /v1/": "GET /v1/*", "GET /v1/users/": "GET /v1/*",
		},
		"nor is a method that the other route doesn't list": {"POST /v1/ADMIN": "none"},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			check(t, table, want)
		})
	}
}

func TestPatternsThatReadAlikeHoldForEachOther(t *testing.T) {
	t.Parallel()
	table := setup(t, "GET /a", "GET /a/", "GET /B", "* /b", "GET /{x}/c", "GET /d/{y}", "GET /D/C")
	check(t, table, map[string]string{
		"GET /a": "GET /a + GET /a/", "GET /a/": "GET /a/ + GET /a", "GET /A": "none + GET /a + GET /a/",
		"GET /B": "GET /B + * /b", "GET /b": "* /b + GET /B", "POST /b": "* /b", "POST /B": "none + * /b",
		"GET /d/c": "GET /d/{y} + GET /D/C", "GET /D/C": "GET /D/C", "GET /D/c": "GET /{x}/c + GET /D/C",
	})
}

// Each route's own demands hold for whatever spelling of a path that meets it.
func TestARoutesDemandsHoldForEverySpellingOfItsPaths(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	checked := 0
	for range 5000 {
		table, err := policy.NewTable(routes(randomTable(r)...))
		if err != nil {
			continue
		}
		for _, owner := range table.Routes() {
			method := owner.Methods[0]
			if method == "*" {
				method = "DELETE"
			}
			path := example(r, owner.Pattern)
			var m policy.Match
			if table.Find(method, path, &m); m.Route != owner || m.Shadows != nil {
				continue // another route's path, or itself a variant of one
			}
			for range 5 {
				checked++
				variant := respell(r, path, !strings.ContainsAny(owner.Pattern, "{*"))
				if table.Find(method, variant, &m); m.Route != owner && !slices.Contains(m.Shadows, owner) {
					t.Fatalf("%s %s meets %s; spelled %s, %s", method, path, owner.Endpoint(), variant, found(table, method+" "+variant))
				}
			}
		}
	}
	if checked < 20_000 {
		t.Errorf("only %d variants: the test proves little", checked)
	}
}

// example is a path that a pattern takes.
func example(r *rand.Rand, pattern string) string {
	path := strings.ReplaceAll(pattern, "*", pick(r, []string{"", "k", "admin/k"}))
	for strings.Contains(path, "{") {
		at, end := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:at] + pick(r, []string{"a", "admin", "zz", "k"}) + path[end+1:]
	}
	return path
}

// respell spells a path in another way that some upstream takes for the same.
func respell(r *rand.Rand, path string, slashes bool) string {
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		text, _ := url.PathUnescape(segment)
		if text == "" {
			continue
		}
		segments[i] = respellName(r, text)
	}
	out := "/" + strings.Join(segments, "/")
	if slashes && out != "/" && r.IntN(3) == 0 {
		if bare, had := strings.CutSuffix(out, "/"); had {
			return bare
		}
		out += "/"
	}
	return out
}

func respellName(r *rand.Rand, name string) string {
	text := strings.Map(func(c rune) rune {
		if r.IntN(3) == 0 {
			return unicode.SimpleFold(c)
		}
		return c
	}, name)
	if !strings.Contains(text, ";") {
		text += pick(r, []string{"", "", "", ".", " ", ". .", ";x=1", ".;", " ;a;b"})
	}
	escaped := url.PathEscape(text)
	if text[0] < 0x80 && r.IntN(3) == 0 {
		escaped = "%" + hex(text[0]) + escaped[1:]
	}
	return escaped
}

func hex(c byte) string { return string([]byte{"0123456789abcdef"[c>>4], "0123456789ABCDEF"[c&15]}) }

func TestEveryDemandOfAVariantHolds(t *testing.T) {
	t.Parallel()
	yes := func(r *policy.Route) *policy.Route { r.Public, r.Loose, r.JWT = true, true, true; return r }
	table, err := policy.NewTable([]*policy.Route{yes(route("GET /*")), route("GET /admin"), yes(route("GET /open")), yes(route("GET /{x}"))})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/x": true, "/X/y": true, "/admin": false, "/ADMIN": false, "/admin/": false, "/open": true, "/OPEN": true, "/open/": true} {
		var m policy.Match
		table.Find("GET", path, &m)
		if m.Public() != want || m.Loose() != want || m.PassesJWT() != want {
			t.Errorf("%s: public %v, loose %v, JWT %v; want %v", path, m.Public(), m.Loose(), m.PassesJWT(), want)
		}
	}
}

func TestAnOddSpellingHidesNoRouteThatIsSpelledOut(t *testing.T) {
	t.Parallel()
	loose := route("GET /files/*")
	name := route("GET /objects/{name}")
	top := route("GET /{x}")
	loose.Loose, name.Loose, top.Loose = true, true, true
	table, err := policy.NewTable([]*policy.Route{loose, name, top, route("GET /files/admin"), route("GET /files/admin/{x}"), route("GET /v1/admin"), route("GET /objects/public/x"), route("* /*")})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]map[string]string{
		"PATH-04 what was opted into is one opaque segment": {
			"GET /objects/a%2Fb": "GET /objects/{name}", "GET /objects/a%5Cb": "GET /objects/{name}", "GET /objects/a%252Fb": "GET /objects/{name}",
			"GET /files/a//b": "GET /files/*", "GET /files/a%2Fb": "GET /files/*", "GET /files/x%3Fy": "GET /files/*", "GET /a%2Fb": "GET /{x}",
		},
		"PATH-04 another route's path under an odd spelling": {
			"GET /files//admin":          "GET /files/* + GET /files/admin",
			"GET /files/%2Fadmin":        "GET /files/* + GET /files/admin",
			"GET /files/admin%2F":        "GET /files/* + GET /files/admin",
			"GET /files/admin%3Fx":       "GET /files/* + GET /files/admin",
			"GET /files/admin%23":        "GET /files/* + GET /files/admin",
			"GET /files/%5CADMIN":        "GET /files/* + GET /files/admin",
			"GET /files/%2561dmin":       "GET /files/* + GET /files/admin",
			"GET /files/admin%2Fx":       "GET /files/* + GET /files/admin/{x}",
			"GET /v1%2Fadmin":            "GET /{x} + GET /v1/admin",
			"GET /v1%252Fadmin":          "GET /{x} + GET /v1/admin",
			"GET /v1%5Cadmin":            "GET /{x} + GET /v1/admin",
			"GET /objects/public%2Fx":    "GET /objects/{name} + GET /objects/public/x",
			"GET /objects/public%2F%2Fx": "GET /objects/{name} + GET /objects/public/x",
			"GET /files/admin//":         "GET /files/* + GET /files/admin",
		},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			check(t, table, want)
		})
	}
}

func TestRoutesReadTheirProjectFromTheSamePlaceOrNot(t *testing.T) {
	t.Parallel()
	at := func(pattern, project string) *policy.Route {
		r := route("GET " + pattern)
		r.Project = project
		if _, err := policy.NewTable([]*policy.Route{r}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		a, b *policy.Route
		want bool
	}{
		{at("/p/{a}/*", "{a}"), at("/p/{b}/admin", "{b}"), true},
		{at("/p/{a}/{b}", "{b}"), at("/p/{a}/{b}", "{a}"), false},
		{at("/p/*", ""), at("/p/{a}", "{a}"), false},
		{at("/p/*", ""), at("/p/x", ""), true},
		{at("/p/*", "{http.vars.p}"), at("/p/x", "{http.vars.p}"), true},
		{at("/p/*", "{http.vars.p}"), at("/p/x", "{http.vars.q}"), false},
		{at("/p/{a}", "{a}"), at("/p/x", "a"), false},
	} {
		if got := c.a.SameProject(c.b); got != c.want || c.b.SameProject(c.a) != c.want {
			t.Errorf("%s {%s} and %s {%s}: %v, want %v", c.a.Pattern, c.a.Project, c.b.Pattern, c.b.Project, got, c.want)
		}
	}
}
