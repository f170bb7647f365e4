package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func tokenVerbs() []*verb {
	return []*verb{tokensCreate(), tokensList(), tokensDelete()}
}

func tokensCreate() *verb {
	var ask manage.NewToken
	var expires string
	return &verb{
		use: "create NAME", short: "Create a management token and show its secret, once", changes: true,
		example: `  keystile tokens create deploy --expires 90d
  keystile tokens create backend --all-workspaces`,
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&ask.AllWorkspaces, "all-workspaces", false, "an operator's token: good for every workspace")
			c.Flags().StringVar(&expires, "expires", "", "when it ends: `90d`, 12h, or a date")
		},
		run: func(t *task) (answer, error) {
			ask.Name = t.args[0]
			ask.ExpiresAt, ask.ExpiresIn, _ = expiry(expires)
			made, err := t.service.CreateToken(t.ctx, t.call, ask)
			if err != nil {
				return answer{}, err
			}
			shown := made.Revealed()
			return withSecret(answer{document: shown, text: func(p *page) {
				p.line("Created %s %q for %s; ends: %s.", shown.ID, plain(shown.Name), reach(shown.TokenView), p.at(shown.ExpiresAt, "never"))
				p.secret(shown.Secret, t.sites.admin()+"/v1/keys")
			}}, shown.ID, shown.Secret), nil
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
		example: "  keystile tokens list\n  keystile tokens list --all-workspaces",
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&query.AllWorkspaces, "all-workspaces", false, "list the operators' tokens")
		},
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListTokens(t.ctx, t.call, query)
			return answer{document: rows, text: func(p *page) { listTokens(p, rows.Data) }}, err
		},
	}
}

var tokenColumns = []column{
	{head: "ID"}, {head: "NAME", cut: true}, {head: "SECRET", extra: 1}, {head: "CREATED"},
	{head: "CREATED BY", cut: true, extra: 2}, {head: "ENDS"},
}

func listTokens(p *page, rows []manage.TokenView) {
	if len(rows) == 0 {
		p.line("No tokens.")
		return
	}
	table := make([][]string, 0, len(rows))
	for _, t := range rows {
		table = append(table, []string{
			t.ID, t.Name, t.Hint, ago(t.CreatedAt, p.now), orDash(t.CreatedBy), p.since(t.ExpiresAt, "never"),
		})
	}
	p.table(tokenColumns, table)
}

func tokensDelete() *verb {
	return &verb{
		use: "delete ID", short: "Delete a management token", changes: true,
		example: `  keystile tokens delete tok_… --yes`,
		confirm: func(t *task) (string, error) {
			token, err := t.token(t.args[0])
			return fmt.Sprintf("Delete %s %q? Whatever uses it is refused from then on.", token.ID, plain(token.Name)), err
		},
		run: func(t *task) (answer, error) {
			return deletedByID(t.args[0]), t.service.DeleteToken(t.ctx, t.call, t.args[0])
		},
	}
}

// token finds a token of the workspace, or an operator's.
func (t *task) token(id string) (manage.TokenView, error) {
	for _, all := range []bool{false, true} {
		rows, err := t.service.ListTokens(t.ctx, t.call, manage.TokenQuery{AllWorkspaces: all})
		if refused, ok := errors.AsType[*manage.Error](err); ok && all && refused.Problem.Code == problem.NotPermitted {
			break // who may not see operators' tokens may not delete them either
		}
		if err != nil {
			return manage.TokenView{}, err
		}
		if i := slices.IndexFunc(rows.Data, func(row manage.TokenView) bool { return row.ID == id }); i >= 0 {
			return rows.Data[i], nil
		}
	}
	return manage.TokenView{}, noSuch("token")
}

// noSuch is what a service says of what isn't there.
func noSuch(what string) error {
	return &manage.Error{Problem: problem.Problem{Code: problem.NotFound, Message: "There is no such " + what + " here."}}
}
