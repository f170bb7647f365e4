package caddymodule

import (
	"net/http"
	"strings"

	"github.com/keystile/keystile/internal/cli"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// servedGate is a gate, and where it is reached.
type servedGate struct {
	address string // ends with its host or port
	site    *policy.Site
}

func (s served) sites() cli.Sites { return cli.Sites{Try: s.try, Admin: s.admin} }

// yourPath stands for a path that nobody can name: the gate takes the key, on
// paths with names in them.
const yourPath = "/YOUR-PATH"

// try is something that a key may call: on the first gate that lets it in
// somewhere. Empty: no gate takes it.
func (s served) try(k manage.KeyView) string {
	// From where the key will be used, nobody knows here.
	p := verdict.PrincipalOf(&keys.Key{}, &verdict.Rights{
		Status: keys.Active, Environment: k.Environment, Scopes: k.Scopes, Workspace: k.Workspace, Project: k.Project,
	})
	for i := range s.gates {
		if path := s.gates[i].pathFor(&p); path != "" {
			return s.gates[i].address + path
		}
	}
	for i := range s.gates {
		if s.gates[i].takes(&p) {
			return s.gates[i].address + yourPath
		}
	}
	return ""
}

// pathFor is the first path, in the order of the routes, that a GET with a key
// is let through on, by the gate's own rules; empty: none that can be named.
func (g *servedGate) pathFor(p *verdict.Principal) string {
	for _, r := range g.site.Table.Routes() {
		path := strings.TrimSuffix(r.Pattern, "*")
		if met, code := g.judge(p, path); code == "" && met == r && isPlainPath(path) {
			return path
		}
	}
	if _, code := g.judge(p, "/"); code == "" {
		return "/"
	}
	return ""
}

// isPlainPath reports whether a path can be typed as it is, in an address and
// in a shell.
func isPlainPath(path string) bool {
	return !strings.ContainsFunc(path, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("/-_.", c)
	})
}

// judge is which route a GET meets, and why it is refused; empty where it is
// let through. What is public tries no key.
func (g *servedGate) judge(p *verdict.Principal, path string) (met *policy.Route, code problem.Code) {
	var m policy.Match
	g.site.Table.Find(http.MethodGet, path, &m)
	if m.Public() {
		return m.Route, problem.RouteNotAllowed
	}
	return m.Route, verdict.Judge(p, &verdict.Facts{Site: g.site, Match: &m, Method: http.MethodGet})
}

// takes reports whether there may be a path that a key is let through on.
func (g *servedGate) takes(p *verdict.Principal) bool {
	inPlace := g.site.Workspace == "" || g.site.Workspace == p.Workspace
	return inPlace && g.site.Allows(p.Environment)
}
