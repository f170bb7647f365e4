// Package policy is what a gate demands: a table of routes with the scopes,
// projects and limits that each asks for, compiled once from its configuration
// and walked for each request.
package policy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
)

// Route is what one line of the table demands.
type Route struct {
	Methods []string // as written; "*" alone for any
	Pattern string
	Scopes  []string // all of them needed
	AnyOf   []string // one of them needed; empty: none
	Public  bool     // no credential needed
	// Project names the project that the path speaks of: a wildcard of the
	// pattern in braces, or a placeholder; empty: none.
	Project string
	// Environments are those that the route takes, of the site's; empty: all.
	Environments []keys.Environment
	// Limits come on top of the key's own, by environment.
	Limits map[keys.Environment]*limit.Limit
	// Quotas come on top of the key's own, by environment; each is per key.
	Quotas map[keys.Environment][]quota.Quota
	// Cost is what a request spends in each limit, at least 1.
	Cost limit.Cost
	// Loose lets through spellings that are refused otherwise.
	Loose bool
	// JWT lets JSON Web Tokens through untouched.
	JWT bool
	// Index is the route's place in its table, from 0.
	Index int

	params []string // names of the wildcards, left to right
	shady  bool     // another route's literals lie within this one's wildcards
}

// Endpoint is the route as its configuration names it: METHODS and pattern.
func (r *Route) Endpoint() string { return strings.Join(r.Methods, ",") + " " + r.Pattern }

// Params returns the names of the pattern's wildcards, left to right.
func (r *Route) Params() []string { return r.params }

// Site is what a whole gate demands.
type Site struct {
	Workspace    string             // empty: any
	Environments []keys.Environment // empty: any
	Table        *Table
	// DefaultAllow lets any valid key call what the table doesn't list.
	DefaultAllow bool
	// Aliases are the old names of scopes, by the new one: a key that carries
	// an old name holds the new one.
	Aliases map[string][]string
}

// Holds reports whether a key holds a scope, by whichever name.
func (s *Site) Holds(k *keys.Key, scope string) bool {
	if k.Holds(scope) {
		return true
	}
	return len(s.Aliases) > 0 && slices.ContainsFunc(s.Aliases[scope], k.Holds)
}

// Allows reports whether keys of an environment are taken.
func (s *Site) Allows(env keys.Environment) bool {
	return len(s.Environments) == 0 || slices.Contains(s.Environments, env)
}

// knownMethods are those that "*" stands for: the registered methods (IANA
// HTTP Method Registry) that carry a request to an application. TRACE and
// CONNECT speak to proxies and aren't among them.
var knownMethods = func() map[string]bool {
	known := map[string]bool{}
	for _, m := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, "ACL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK", "MERGE",
		"MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PROPFIND",
		"PROPPATCH", "QUERY", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE",
		"UPDATEREDIRECTREF", "VERSION-CONTROL",
	} {
		known[m] = true
	}
	return known
}()

// KnownMethod reports whether "*" stands for a method, too. Methods are
// case-sensitive (RFC 9110 section 9.1).
func KnownMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodPost || knownMethods[method]
}

// anyMethod is how a route says that it takes all known methods.
const anyMethod = "*"

func validMethod(m string) error {
	if m == anyMethod {
		return nil
	}
	for i := range len(m) {
		if c := m[i]; (c < 'A' || c > 'Z') && c != '-' {
			return fmt.Errorf("method %q is not written in capitals", m)
		}
	}
	if m == "" || m == http.MethodConnect || m == http.MethodTrace {
		return fmt.Errorf("method %q can't be routed", m)
	}
	return nil
}
