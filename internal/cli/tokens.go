package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

func tokenVerbs() []*verb {
	return []*verb{tokensCreate(), tokensList(), tokensDelete()}
}

func tokensCreate() *verb {
	var ask manage.NewToken
	var expires string
	return &verb{
		use: "create NAME", short: "Create a management token and show its secret, once",
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&ask.AllWorkspaces, "all-workspaces", false, "an operator's token: good for every workspace")
			c.Flags().StringVar(&expires, "expires", "", "when it ends: `90d`, 12h, or a date")
		},
		run: func(t *task) (answer, error) {
			ask.Name = t.args[0]
			ask.ExpiresAt, ask.ExpiresIn = expiry(expires)
			made, err := t.service.CreateToken(t.ctx, t.call, ask)
			if err != nil {
				return answer{}, err
			}
			shown := made.Revealed()
			return answer{document: shown, text: func(p *page) {
				p.line("Created %s %q for %s.", shown.ID, plain(shown.Name), reach(shown.TokenView))
				p.secret(shown.Secret, "https://YOUR-ADMIN/v1/keys")
			}}, nil
		},
	}
}

// reach says what a token is good for.
func reach(t manage.TokenView) string {
	if t.AllWorkspaces {
		return "all workspaces"
	}
	return "workspace " + t.Workspace
}

func tokensList() *verb {
	var query manage.TokenQuery
	return &verb{
		use: "list", short: "List management tokens",
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&query.AllWorkspaces, "all-workspaces", false, "list the operators' tokens")
		},
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListTokens(t.ctx, t.call, query)
			return answer{document: rows, text: func(p *page) { listTokens(p, rows.Data) }}, err
		},
	}
}

func listTokens(p *page, rows []manage.TokenView) {
	if len(rows) == 0 {
		p.line("No tokens.")
		return
	}
	table := [][]string{{"ID", "NAME", "CREATED", "ENDS"}}
	for _, t := range rows {
		table = append(table, []string{t.ID, short(t.Name, nameWidth), ago(t.CreatedAt, p.now), p.when(t.ExpiresAt, "never")})
	}
	p.table(table)
}

func tokensDelete() *verb {
	return &verb{
		use: "delete ID", short: "Delete a management token",
		confirm: func(args []string) string {
			return "Delete " + args[0] + "? Whatever uses it is refused from then on."
		},
		run: func(t *task) (answer, error) {
			id := t.args[0]
			gone := struct {
				ID      string `json:"id"`
				Deleted bool   `json:"deleted"`
			}{id, true}
			err := t.service.DeleteToken(t.ctx, t.call, id)
			return answer{document: gone, text: func(p *page) { p.line("Deleted %s.", plain(id)) }}, err
		},
	}
}
