package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

func workspaceVerbs() []*verb {
	return []*verb{workspacesCreate(), workspacesEdit(), workspacesList()}
}

func workspacesCreate() *verb {
	var ask manage.NewWorkspace
	return &verb{
		use: "create NAME", short: "Create a workspace", changes: true,
		example: "  keystile workspaces create acme --plan free",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&ask.Plan, "plan", "", "`NAME` of its plan (the default plan unless stated)")
		},
		run: func(t *task) (answer, error) {
			ask.Name = t.args[0]
			w, err := t.service.CreateWorkspace(t.ctx, t.call, ask)
			return answer{document: w, text: func(p *page) {
				p.line("Created workspace %s; plan: %s.", plain(w.Name), planOf(w, "none"))
			}}, err
		},
	}
}

// planOf tells a workspace's plan, and whether it means anything.
func planOf(w manage.WorkspaceView, none string) string {
	switch {
	case w.Plan == "":
		return none
	case !w.PlanConfigured:
		return w.Plan + " (not configured)"
	}
	return w.Plan
}

var errNoPlan = usage("--plan is missing: nothing else of a workspace can be changed")

func workspacesEdit() *verb {
	var plan string
	return &verb{
		use: "edit NAME", short: "Change a workspace's plan", changes: true,
		long:    "Keys that are there go on working, even if the plan allows fewer; new ones are refused then.",
		example: "  keystile workspaces edit acme --plan pro",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&plan, "plan", "", "`NAME` of its plan; empty: the default one")
		},
		check: func(stated func(string) bool) error {
			if !stated("plan") {
				return errNoPlan
			}
			return nil
		},
		run: func(t *task) (answer, error) {
			w, err := t.service.EditWorkspace(t.ctx, t.call, t.args[0], manage.WorkspaceEdit{Plan: manage.Stated(plan)})
			return answer{document: w, text: func(p *page) {
				p.line("Workspace %s has the plan: %s.", plain(w.Name), planOf(w, "none"))
			}}, err
		},
	}
}

func workspacesList() *verb {
	return &verb{
		use: "list", short: "List workspaces",
		example: "  keystile workspaces list",
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListWorkspaces(t.ctx, t.call)
			return answer{document: rows, text: func(p *page) {
				table := make([][]string, 0, len(rows.Data))
				for _, w := range rows.Data {
					table = append(table, []string{w.Name, planOf(w, orDash("")), ago(w.CreatedAt, p.now)})
				}
				p.table([]column{{head: "NAME"}, {head: "PLAN", cut: true}, {head: "CREATED"}}, table)
			}}, err
		},
	}
}
