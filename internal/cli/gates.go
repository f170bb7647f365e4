package cli

import (
	"fmt"
	"strings"

	"github.com/keystile/keystile/internal/manage"
)

const gatesLong = `With --config, the tables are those of the file; over the API, those that are in force on the gate that
answers. What keys called in the last day and no route lists is told as well, by method and path;
{} stands for a part that may be an ID or a secret. Calls of strangers are not: anybody can make them.`

func gates() *verb {
	return &verb{
		use: "routes", short: "Print the routes in force, and what was called beside them", long: gatesLong,
		example: "  keystile routes",
		run: func(t *task) (answer, error) {
			inspector, err := t.inspector()
			if err != nil {
				return answer{}, err
			}
			view, err := inspector.ListGates(t.ctx, t.call)
			return answer{document: view, text: func(p *page) { tellGates(p, view) }}, err
		},
	}
}

// inspector is who answers what operators ask.
func (t *task) inspector() (manage.Inspector, error) {
	inspector, ok := t.service.(manage.Inspector)
	if !ok {
		return nil, fmt.Errorf("%T answers no such questions", t.service)
	}
	return inspector, nil
}

var routeColumns = []column{
	{head: "METHODS"}, {head: "PATH"}, {head: "NEEDS", cut: true}, {head: "LIMITS", cut: true, extra: 1}, {head: "BESIDES", cut: true, extra: 2},
}

func tellGates(p *page, view manage.GatesView) {
	if len(view.Gates) == 0 {
		p.line("There is no gate.")
	}
	for i := range view.Gates {
		if i > 0 {
			p.line("")
		}
		tellGate(p, &view.Gates[i])
	}
	tellUnlisted(p, view.Unlisted)
}

func tellGate(p *page, g *manage.GateView) {
	p.line("%s", plain(g.Title()))
	p.line("  %s", plain(strings.Join(standing(g), "; ")))
	if len(g.Routes) == 0 {
		return
	}
	rows := make([][]string, 0, len(g.Routes))
	for i := range g.Routes {
		r := &g.Routes[i]
		rows = append(rows, []string{strings.Join(r.Methods, ","), r.Path, needs(r), orDash(strings.Join(r.Limits, ", ")), orDash(besides(r))})
	}
	p.table(routeColumns, rows)
}

// standing tells what holds for all routes of a gate.
func standing(g *manage.GateView) []string {
	said := []string{"mode " + g.Mode}
	if g.Default == "allow" {
		said = append(said, "what no route lists is open to any valid key")
	} else {
		said = append(said, "what no route lists is refused")
	}
	if g.Workspace != "" {
		said = append(said, "workspace "+g.Workspace)
	}
	if len(g.Environments) > 0 {
		said = append(said, "environment "+strings.Join(g.Environments, ", "))
	}
	return append(said, "keys from "+strings.Join(g.Credentials, ", "))
}

func needs(r *manage.RouteView) string {
	var said []string
	if r.Public {
		said = append(said, "nothing")
	}
	said = append(said, r.Scopes...)
	if len(r.AnyOf) > 0 {
		said = append(said, "one of "+strings.Join(r.AnyOf, ", "))
	}
	if len(said) == 0 {
		return "a key"
	}
	return strings.Join(said, " and ")
}

// besides is what few routes have.
func besides(r *manage.RouteView) string {
	var said []string
	if r.Project != "" {
		said = append(said, "project "+r.Project)
	}
	if len(r.Environments) > 0 {
		said = append(said, "environment "+strings.Join(r.Environments, ", "))
	}
	if r.Cost > 1 {
		said = append(said, fmt.Sprintf("cost %d", r.Cost))
	}
	if r.PathsLoose {
		said = append(said, "paths loose")
	}
	if r.JWT == "pass" {
		said = append(said, "jwt pass")
	}
	return strings.Join(said, "; ")
}

var unlistedColumns = []column{{head: "CALLS"}, {head: "REQUEST"}, {head: "OUTCOME"}, {head: "LAST"}, {head: "GATE", cut: true, extra: 1}}

func tellUnlisted(p *page, all []manage.UnlistedView) {
	if len(all) == 0 {
		return
	}
	p.line("\nWhat keys called in the last day, and no route lists:\n")
	rows := make([][]string, 0, len(all))
	for _, one := range all {
		rows = append(rows, []string{fmt.Sprint(one.Calls), one.Endpoint, one.Outcome, ago(one.Last, p.now), orDash(one.Gate)})
	}
	p.table(unlistedColumns, rows)
}
