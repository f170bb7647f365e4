package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

func workspaceVerbs() []*verb {
	return []*verb{workspacesCreate(), workspacesList()}
}

func workspacesCreate() *verb {
	var ask manage.NewWorkspace
	return &verb{
		use: "create NAME", short: "Create a workspace",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&ask.Plan, "plan", "", "`NAME` of its plan (the default plan unless stated)")
		},
		run: func(t *task) (answer, error) {
			ask.Name = t.args[0]
			w, err := t.service.CreateWorkspace(t.ctx, t.call, ask)
			return answer{document: w, text: func(p *page) { p.line("Created workspace %s.", w.Name) }}, err
		},
	}
}

func workspacesList() *verb {
	return &verb{
		use: "list", short: "List workspaces",
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListWorkspaces(t.ctx, t.call)
			return answer{document: rows, text: func(p *page) {
				table := [][]string{{"NAME", "PLAN", "CREATED"}}
				for _, w := range rows.Data {
					table = append(table, []string{w.Name, orDash(plain(w.Plan)), ago(w.CreatedAt, p.now)})
				}
				p.table(table)
			}}, err
		},
	}
}

func projectVerbs() []*verb {
	return []*verb{projectsCreate(), projectsList()}
}

func projectsCreate() *verb {
	return &verb{
		use: "create NAME", short: "Register a project",
		run: func(t *task) (answer, error) {
			made, err := t.service.CreateProject(t.ctx, t.call, manage.NewProject{Name: t.args[0]})
			return answer{document: made, text: func(p *page) {
				p.line("Created project %s in workspace %s.", plain(made.Name), made.Workspace)
			}}, err
		},
	}
}

func projectsList() *verb {
	return &verb{
		use: "list", short: "List projects",
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListProjects(t.ctx, t.call)
			return answer{document: rows, text: func(p *page) {
				if len(rows.Data) == 0 {
					p.line("No projects.")
					return
				}
				table := [][]string{{"NAME", "CREATED"}}
				for _, project := range rows.Data {
					table = append(table, []string{plain(project.Name), ago(project.CreatedAt, p.now)})
				}
				p.table(table)
			}}, err
		},
	}
}
