package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func keysList() *verb {
	var query manage.KeyQuery
	var status, environment string
	var pages paging
	return &verb{
		use: "list", short: "List keys, newest first",
		example: `  keystile keys list --status active --environment live
  keystile keys list --search export --limit 20`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&status, "status", "", "only those of this `STATUS`: "+oneOf(statuses))
			c.Flags().StringVar(&environment, "environment", "", "only those of this `ENV`: "+oneOf(environments))
			c.Flags().StringVar(&query.Project, "project", "", "only those of project `NAME`")
			c.Flags().StringVar(&query.Owner, "owner", "", "only those of owner `NAME`")
			c.Flags().StringVar(&query.Search, "search", "", "only those with `TEXT` in the name, hint or ID")
			pages.define(c)
			completeOneOf(c, "status", statuses)
			completeOneOf(c, "environment", environments)
		},
		run: func(t *task) (answer, error) {
			query.Status, query.Environment = keys.Status(status), keys.Environment(environment)
			rows, err := turn(pages, func(limit int, cursor string) (manage.Page[manage.KeyView], error) {
				query.Limit, query.Cursor = limit, cursor
				return t.service.ListKeys(t.ctx, t.call, query)
			})
			return answer{document: rows, text: func(p *page) { listKeys(p, rows) }}, err
		},
	}
}

var keyColumns = []column{
	{head: "ID"}, {head: "NAME", cut: true}, {head: "SECRET", extra: 2}, {head: "ENV"}, {head: "STATUS"},
	{head: "CREATED", extra: 3}, {head: "CREATED BY", cut: true, extra: 4}, {head: "LAST USED", extra: 1},
}

func listKeys(p *page, rows manage.Page[manage.KeyView]) {
	if len(rows.Data) == 0 {
		p.line("No keys.")
		return
	}
	table := make([][]string, 0, len(rows.Data))
	for _, k := range rows.Data {
		table = append(table, []string{
			string(k.ID), k.Name, k.Hint, string(k.Environment), string(k.Status),
			ago(k.CreatedAt, p.now), orDash(k.CreatedBy), p.since(k.LastUsedAt, "never"),
		})
	}
	p.table(keyColumns, table)
	p.more(rows.NextCursor)
}
