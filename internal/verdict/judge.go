package verdict

import (
	"net/netip"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
)

// Facts are what a request brings besides its key.
type Facts struct {
	Now    time.Time
	Site   *policy.Site
	Match  *policy.Match
	Method string
	// Project is the one that the route speaks of; empty: none.
	Project string
	// ProjectElsewhere says that Project is registered, but not in the key's
	// workspace.
	ProjectElsewhere bool
	Client           netip.Addr
}

// Judge checks a key against what the site and the route demand, in the order
// of the documentation. The first rule that fails is the answer; an empty code
// passes. Limits come after it.
func Judge(p *Principal, f *Facts) problem.Code {
	if code := JudgeRoute(p, f); code != "" {
		return code
	}
	return JudgeRights(p, f)
}

// JudgeRoute is the part of Judge that comes before whose project the request
// is for: status, environment, workspace, route.
func JudgeRoute(p *Principal, f *Facts) problem.Code { return firstOf(Status, Project, p, f) }

// JudgeRights is the part from there on: project, scopes, address.
func JudgeRights(p *Principal, f *Facts) problem.Code { return firstOf(Project, rulesEnd, p, f) }

func status(p *Principal, now time.Time) problem.Code {
	switch p.StatusAt(now) {
	case keys.Active:
		return ""
	case keys.Inactive:
		return problem.InactiveKey
	case keys.Expired:
		return problem.ExpiredKey
	default: // whatever else is stored must not open anything
		return problem.RevokedKey
	}
}

// project holds a key that is restricted to one project to it. A route that
// speaks of a project, but of none that can be read, is no restricted key's.
func project(p *Principal, f *Facts) problem.Code {
	route := f.Match.Route
	if route != nil && route.Project != "" {
		switch {
		case f.ProjectElsewhere:
			return problem.WorkspaceMismatch
		case p.Project != "" && p.Project != f.Project:
			return problem.ProjectMismatch
		case p.Project == "" && !policy.PlainName(f.Project):
			// It can be another workspace's to an upstream that reads names loosely.
			return problem.ProjectMismatch
		}
	}
	for _, shadow := range f.Match.Shadows {
		// Of a project that only a variant of the path speaks of, nothing is known.
		if shadow.Project != "" && (route == nil || !route.SameProject(shadow)) {
			return problem.ProjectMismatch
		}
	}
	return ""
}

// all reports whether everything that a request meets is ok.
func all(m *policy.Match, ok func(*policy.Route) bool) bool {
	if m.Route != nil && !ok(m.Route) {
		return false
	}
	for _, shadow := range m.Shadows {
		if !ok(shadow) {
			return false
		}
	}
	return true
}

func fulfils(held []string, site *policy.Site, r *policy.Route) bool {
	for _, scope := range r.Scopes {
		if !site.Holds(held, scope) {
			return false
		}
	}
	return len(r.AnyOf) == 0 || holdsOne(held, site, r.AnyOf)
}

func holdsOne(held []string, site *policy.Site, scopes []string) bool {
	for _, scope := range scopes {
		if site.Holds(held, scope) {
			return true
		}
	}
	return false
}

// Missing returns which of a match's scopes a key with those held lacks, and the
// alternatives of which it has none.
func Missing(held []string, site *policy.Site, m *policy.Match) (required, missing, anyOf []string) {
	demanding := m.Shadows
	if m.Route != nil {
		demanding = append([]*policy.Route{m.Route}, m.Shadows...)
	}
	for _, r := range demanding {
		for _, scope := range r.Scopes {
			if slices.Contains(required, scope) {
				continue
			}
			required = append(required, scope)
			if !site.Holds(held, scope) {
				missing = append(missing, scope)
			}
		}
		if len(r.AnyOf) > 0 && !holdsOne(held, site, r.AnyOf) {
			anyOf = append(anyOf, r.AnyOf...)
		}
	}
	return required, missing, anyOf
}
