package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/policy"
)

// projectSource says where a route's project is read from.
type projectSource struct {
	param    string // a wildcard of the pattern
	template string // or a text with placeholders
}

func newProjectSource(r *policy.Route) (projectSource, error) {
	if r.Project == "" {
		return projectSource{}, nil
	}
	name, isName := strings.CutPrefix(r.Project, "{")
	name, closed := strings.CutSuffix(name, "}")
	if isName && closed && slices.Contains(r.Params(), name) {
		return projectSource{param: name}, nil
	}
	if isName && closed && !strings.Contains(name, ".") {
		return projectSource{}, fmt.Errorf("project %s is no wildcard of the pattern", r.Project)
	}
	return projectSource{template: r.Project}, nil
}

// untold is no project that a key may reach: what a placeholder of the request
// would stand for, nobody says of a presented key.
const untold = "?"

// project reads the project that a call's route speaks of; empty: none.
func (g *Gate) project(c *Call) string {
	if c.Match.Route == nil {
		return ""
	}
	if c.Rehearsal != nil && c.Rehearsal.Project != "" {
		return c.Rehearsal.Project
	}
	source := g.projects[c.Match.Route.Index]
	switch {
	case source.param != "":
		value, _ := c.Match.Value(source.param)
		return value
	case source.template != "" && c.Presented != nil:
		return untold
	case source.template != "":
		return g.expand(c.Request, source.template)
	}
	return ""
}
