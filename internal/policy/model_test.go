package policy_test

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/policy"
)

// The model is the slow, obvious reading of the rules: every route is tried,
// by a regular expression, and of those that match the most specific is taken.

// modelled is one route of the model.
type modelled struct {
	*policy.Route
	exact, loose *regexp.Regexp
	order        string // the greater, the more specific
	looseOrder   string
}

func model(all []*policy.Route) []modelled {
	out := make([]modelled, len(all))
	for i, r := range all {
		read := strings.TrimSuffix(r.Pattern, "/")
		out[i] = modelled{
			Route: r,
			exact: expression("s", r.Pattern, func(s string) string { return s }), order: order(r.Pattern),
			loose: expression("si", read, trimmed), looseOrder: order(read),
		}
	}
	return out
}

// expression makes a regular expression of a pattern; a slash within a segment
// is written as NUL.
func expression(flags, pattern string, spell func(string) string) *regexp.Regexp {
	text := ""
	for segment := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		switch {
		case pattern == "":
		case segment == "*":
			text += "/.*"
		case strings.HasPrefix(segment, "{"):
			text += "/[^/]+"
		default:
			literal, _ := url.PathUnescape(segment)
			text += "/" + regexp.QuoteMeta(spell(literal))
		}
	}
	return regexp.MustCompile("^(?" + flags + ":" + text + ")$")
}

// order spells a pattern so that the more specific one is the greater text:
// literal, wildcard, end, rest.
func order(pattern string) (text string) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		switch {
		case pattern == "":
		case segment == "*":
			return text + "a"
		case strings.HasPrefix(segment, "{"):
			text += "c"
		default:
			text += "d"
		}
	}
	return text + "b"
}

// trimmed is a name without its parameters and its last dots and spaces.
func trimmed(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return strings.TrimRight(name, ". ")
}

func spelled(path string, spell func(string) string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if text, err := url.PathUnescape(segment); err == nil {
			segment = text
		}
		segments[i] = strings.ReplaceAll(spell(segment), "/", "\x00")
	}
	return strings.Join(segments, "/")
}

// takes reports how well a route takes a method: 0 not at all.
func takes(r *policy.Route, method string) int {
	known := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
	switch {
	case slices.Contains(r.Methods, method):
		return 3
	case method == "HEAD" && slices.Contains(r.Methods, "GET"):
		return 2
	case slices.Contains(r.Methods, "*") && slices.Contains(known, method):
		return 1
	}
	return 0
}

// wanted is what a request meets by the model: its route, and what spelling
// variants of it meet.
func wanted(all []modelled, method, path string) (route *policy.Route, variants []*policy.Route) {
	text, best, bestOrder := spelled(path, func(s string) string { return s }), 0, ""
	for _, r := range all {
		if how := takes(r.Route, method); how > 0 && r.exact.MatchString(text) {
			if r.order > bestOrder || r.order == bestOrder && how > best {
				route, best, bestOrder = r.Route, how, r.order
			}
		}
	}
	return route, looselyWanted(all, method, path)
}

func looselyWanted(all []modelled, method, path string) (variants []*policy.Route) {
	below := spelled(path, trimmed) // with the slash at the end, for /*
	at := strings.TrimSuffix(below, "/")
	byPattern, bestOrder := map[string]*policy.Route{}, ""
	for _, r := range all {
		text := at
		if strings.HasSuffix(r.Pattern, "/*") {
			text = below
		}
		how := takes(r.Route, method)
		if how == 0 || r.looseOrder < bestOrder || !r.loose.MatchString(text) {
			continue
		}
		if r.looseOrder > bestOrder {
			bestOrder = r.looseOrder
			clear(byPattern)
		}
		// Of one pattern's routes, one takes the method best.
		shape := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(r.Pattern, "{}")
		if other := byPattern[shape]; other == nil || how > takes(other, method) {
			byPattern[shape] = r.Route
		}
	}
	for _, r := range all {
		for _, chosen := range byPattern {
			if chosen == r.Route {
				variants = append(variants, r.Route)
			}
		}
	}
	return variants
}

var (
	patternSegments = []string{"a", "a", "A", "b", "admin", "Admin", "a;b", "{x}", "{x}", "k", "%C3%A9"}
	pathSegments    = []string{
		"a", "a", "A", "b", "B", "admin", "Admin", "ADMIN", "a.", "a;b", "A;x=1", "b%20", "a%20.", "%61", "%41dmin", "admin%2E", "c", "%E2%84%AA", "%C3%A9", "%C3%89", "a%3Bb", "k",
	}
	tableMethods   = []string{"GET", "POST", "*", "GET,POST", "HEAD", "PUT,DELETE", "FOO"}
	requestMethods = []string{"GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "FOO", "get", "TRACE"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func randomTable(r *rand.Rand) []string {
	var lines []string
	for range 1 + r.IntN(7) {
		pattern, wildcards := "", 0
		for range r.IntN(4) {
			segment := pick(r, patternSegments)
			if segment == "{x}" {
				wildcards++
				segment = "{x" + strings.Repeat("x", wildcards) + "}"
			}
			pattern += "/" + segment
		}
		lines = append(lines, pick(r, tableMethods)+" "+pattern+ending(r, pattern))
	}
	return lines
}

func ending(r *rand.Rand, pattern string) string {
	if pattern == "" {
		return pick(r, []string{"/", "/*"})
	}
	return pick(r, []string{"", "", "", "/", "/*", "/*"})
}

func randomPath(r *rand.Rand) (path string) {
	for range r.IntN(5) {
		path += "/" + pick(r, pathSegments)
	}
	if path == "" || r.IntN(4) == 0 {
		path += "/"
	}
	return path
}

func TestFindAgreesWithTheModelOnRandomTables(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	tables, requests, shadowed := 0, 0, 0
	for range 20_000 {
		lines := randomTable(r)
		table, err := policy.NewTable(routes(lines...))
		if err != nil {
			continue // a tie
		}
		tables++
		all := model(table.Routes())
		for range 12 {
			method, path := pick(r, requestMethods), randomPath(r)
			requests++
			if agree(t, table, all, method, path) {
				shadowed++
			}
			if t.Failed() {
				t.Fatalf("table:\n%s", strings.Join(lines, "\n"))
			}
		}
	}
	if tables < 5000 || shadowed < requests/50 {
		t.Errorf("%d tables, %d of %d requests with shadows: the test proves little", tables, shadowed, requests)
	}
}

// agree compares Find with the model, and reports whether there are shadows.
func agree(t *testing.T, table *policy.Table, all []modelled, method, path string) bool {
	t.Helper()
	var m policy.Match
	table.Find(method, path, &m)
	route, variants := wanted(all, method, path)
	if m.Route != route {
		t.Errorf("%s %s meets %s, want %s", method, path, name(m.Route), name(route))
	}
	for _, r := range all {
		got, want := slices.Contains(m.Shadows, r.Route), slices.Contains(variants, r.Route) && r.Route != route
		if got != want {
			t.Errorf("%s %s: shadow of %s is %v, want %v", method, path, r.Endpoint(), got, want)
		}
	}
	return len(m.Shadows) > 0
}

func name(r *policy.Route) string {
	if r == nil {
		return "none"
	}
	return r.Endpoint()
}

func FuzzFindAgreesWithTheModel(f *testing.F) {
	f.Add("GET /v1/admin\nGET /v1/*", "GET", "/v1/ADMIN")
	f.Add("* /{x}/b\nGET /a/{y}/\nHEAD /a/b", "HEAD", "/A;x/b./")
	f.Add("GET /\n* /*", "GET", "/")
	f.Fuzz(func(t *testing.T, text, method, path string) {
		table, err := policy.NewTable(routes(strings.Split(text, "\n")...))
		if err != nil || !slices.Contains([]string{"GET", "HEAD", "POST", "FOO"}, method) || !isServed(path) || !utf8.ValidString(text) {
			return
		}
		agree(t, table, model(table.Routes()), method, path)
	})
}

// isServed says slowly which paths get by the gate's look at their shape.
func isServed(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		text, err := url.PathUnescape(segment)
		nameless := trimmed(text) == "" && (i < len(segments)-1 || text != "")
		if err != nil || nameless || strings.ContainsAny(text, "\x00/") || !utf8.ValidString(text) {
			return false
		}
	}
	return true
}
