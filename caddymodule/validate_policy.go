package caddymodule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
)

// What a policy's words can be.
const (
	bearer        = "bearer"
	header        = "header"
	query         = "query"
	allow         = "allow"
	deny          = "deny"
	pass          = "pass"
	reject        = "reject"
	refuse        = "refuse"
	enforce       = "enforce"
	observe       = "observe"
	on            = "on"
	off           = "off"
	errorsJSON    = "json"
	errorsProblem = "problem"
	errorsCaddy   = "caddy"
)

// setDefaults fills in what the configuration leaves out. A gate without
// routes takes any valid key; one with routes refuses what they don't list.
func (p *Policy) setDefaults() {
	if len(p.Credentials) == 0 {
		p.Credentials = []Credential{{Source: bearer}}
	}
	if p.Default == "" {
		p.Default = allow
		if len(p.Routes) > 0 {
			p.Default = deny
		}
	}
}

// validate checks a gate against the app whose keys it takes, and changes
// nothing. What is left out is fine. The error is a *fault.
func (p *Policy) validate(c *Config) error {
	if err := p.checkCredentials(); err != nil {
		return err
	}
	if p.Workspace != "" && (!isWord(p.Workspace) || strings.ContainsAny(p.Workspace, "{}")) {
		return faultf("workspace", "workspace %q is not a name: no spaces, no placeholders", p.Workspace)
	}
	if err := checkEnvironments("environments", p.Environments); err != nil {
		return err
	}
	if err := p.checkWords(); err != nil {
		return err
	}
	for i := range p.Routes {
		if err := p.Routes[i].validate(fmt.Sprintf("routes/%d", i), c); err != nil {
			return err
		}
	}
	return p.checkTies()
}

func (p *Policy) checkCredentials() error {
	for i, one := range p.Credentials {
		path := fmt.Sprintf("credentials/%d", i)
		if err := checkWord(path+"/credential", one.Source, bearer, header, query); err != nil {
			return err
		}
		named := one.Source != bearer
		switch {
		case named && !isWord(one.Name):
			return faultf(path, "credential %s needs a name, such as %s", one.Source, credentialNames[one.Source])
		case !named && one.Name != "":
			return faultf(path, "credential bearer takes no name: it is the header Authorization")
		case one.Source == header && (!headerName.MatchString(one.Name) || strings.EqualFold(one.Name, "Authorization")):
			return faultf(path, "a key can't be read from a header %q; for Authorization, say credential bearer", one.Name)
		case slices.Contains(p.Credentials[:i], one):
			return faultf(path, "this credential is given twice")
		}
	}
	return nil
}

// headerName is what carries a key: a token without odd characters, so that no
// upstream reads it for another.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// credentialNames are examples for messages.
var credentialNames = map[string]string{header: "X-Api-Key", query: "api_key"}

func (p *Policy) checkWords() error {
	for _, option := range []struct {
		name, word string
		known      []string
	}{
		{"default", p.Default, []string{allow, deny}},
		{"mode", p.Mode, []string{enforce, observe}},
		{"jwt", p.JWT, []string{reject, pass}},
		{"preflight", p.Preflight, []string{refuse, pass}},
		{"errors", p.Errors, []string{errorsJSON, errorsProblem, errorsCaddy}},
		{"forward_credential", p.ForwardCredential, []string{off, on}},
	} {
		if err := checkWord(option.name, option.word, append(option.known, "")...); err != nil {
			return err
		}
	}
	return nil
}

func checkEnvironments(at string, environments []string) error {
	for i, env := range environments {
		path := fmt.Sprintf("%s/%d", at, i)
		if err := checkEnvironment(path, env); err != nil {
			return err
		}
		if slices.Contains(environments[:i], env) {
			return faultf(path, "environment %s is given twice", env)
		}
	}
	return nil
}

// checkTies finds the first route that ties with one before it.
func (p *Policy) checkTies() error {
	routes := make([]*policy.Route, len(p.Routes))
	for i := range p.Routes {
		routes[i] = &policy.Route{Methods: p.Routes[i].Methods, Pattern: p.Routes[i].Pattern}
	}
	_, err := policy.NewTable(routes)
	if err == nil {
		return nil
	}
	// Once some routes tie, they do so however many follow.
	first := sort.Search(len(routes), func(i int) bool {
		_, err := policy.NewTable(routes[:i+1])
		return err != nil
	})
	return &fault{path: fmt.Sprintf("routes/%d", first), err: err}
}

// validate checks a route by itself.
func (r *Route) validate(path string, c *Config) error {
	if err := checkOwnPlaceholders(path, r.Pattern); err != nil {
		return err
	}
	if err := r.checkMethods(path); err != nil {
		return err
	}
	alone := &policy.Route{Methods: r.Methods, Pattern: r.Pattern}
	if _, err := policy.NewTable([]*policy.Route{alone}); err != nil {
		return &fault{path: path, err: err}
	}
	if r.Public {
		return r.checkPublic(path)
	}
	if err := c.checkScopesOf(path+"/scopes", r.Scopes); err != nil {
		return err
	}
	if err := c.checkScopesOf(path+"/any_of", r.AnyOf); err != nil {
		return err
	}
	if err := checkEnvironments(path+"/environments", r.Environments); err != nil {
		return err
	}
	if r.Project != "" {
		if err := checkProject(path+"/project", r.Project, alone); err != nil {
			return err
		}
	}
	if err := checkRates(path+"/rate_limits", r.RateLimits); err != nil {
		return err
	}
	if err := checkQuotas(path+"/quotas", r.Quotas); err != nil {
		return err
	}
	if err := r.checkCost(path); err != nil {
		return err
	}
	return checkWord(path+"/jwt", r.JWT, "", pass, reject)
}

func (r *Route) checkMethods(path string) error {
	for i, method := range r.Methods {
		if slices.Contains(r.Methods[:i], method) {
			return faultf(path, "method %s is given twice", method)
		}
		if method == "*" && len(r.Methods) > 1 {
			return faultf(path, "methods %s: * stands alone, for any", strings.Join(r.Methods, ","))
		}
	}
	return nil
}

// checkPublic refuses what would seem to guard a route and doesn't.
func (r *Route) checkPublic(path string) error {
	for _, option := range []struct {
		name   string
		stated bool
	}{
		{"scopes", len(r.Scopes) > 0}, {"any_of", len(r.AnyOf) > 0}, {"project", r.Project != ""},
		{"rate_limit", len(r.RateLimits) > 0}, {"quota", len(r.Quotas) > 0}, {"cost", r.Cost != 0}, {"jwt", r.JWT != ""}, {"environment", len(r.Environments) > 0},
	} {
		if option.stated {
			return faultf(path, "a public route needs no key: %s would have no effect", option.name)
		}
	}
	return nil
}

func (c *Config) checkScopesOf(path string, scopes []string) error {
	for i, scope := range scopes {
		at := fmt.Sprintf("%s/%d", path, i)
		if err := c.checkScope(at, scope); err != nil {
			return err
		}
		if slices.Contains(scopes[:i], scope) {
			return faultf(at, "scope %s is given twice", scope)
		}
	}
	return nil
}

// checkCost refuses a cost that the route's own bucket could never grant. Other
// limits are told apart by key: what is too dear for one plan suits another.
func (r *Route) checkCost(path string) error {
	if r.Cost < 0 {
		return faultf(path+"/cost", "cost is %d; it is at least 1", r.Cost)
	}
	for _, env := range slices.Sorted(maps.Keys(r.RateLimits)) {
		rate, err := limit.ParseRate(r.RateLimits[env].Rate, r.RateLimits[env].Burst)
		if err == nil && r.Cost > rate.Burst {
			return faultf(path+"/cost", "cost %d would never be granted: the route's bucket for %s keys holds %d", r.Cost, env, rate.Burst)
		}
	}
	return nil
}

// checkWord refuses what is none of the words; an empty one among them stands
// for what is left out.
func checkWord(path, word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	known = slices.DeleteFunc(known, func(k string) bool { return k == "" })
	name := path[strings.LastIndexByte(path, '/')+1:]
	return faultf(path, "unknown %s %q; known: %s", name, word, list(known))
}
