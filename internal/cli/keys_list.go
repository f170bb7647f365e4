package cli

import (
	"slices"

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
		check: pages.check,
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

// keyColumn is a column of the list; one that is optional stands only where a
// key of the page has something in it.
type keyColumn struct {
	column
	optional bool
	of       func(*page, *manage.KeyView) string
}

var keyColumns = []keyColumn{
	{column: column{head: "ID"}, of: func(_ *page, k *manage.KeyView) string { return string(k.ID) }},
	{column: column{head: "NAME", cut: true}, of: func(_ *page, k *manage.KeyView) string { return k.Name }},
	{column: column{head: "SECRET", extra: 2}, of: func(_ *page, k *manage.KeyView) string { return k.Hint }},
	{column: column{head: "ENV"}, of: func(_ *page, k *manage.KeyView) string { return string(k.Environment) }},
	{column: column{head: "STATUS"}, of: func(_ *page, k *manage.KeyView) string { return string(k.Status) }},
	{column: column{head: "PROJECT", cut: true, extra: 5}, optional: true, of: func(_ *page, k *manage.KeyView) string { return k.Project }},
	{column: column{head: "PROFILE", cut: true, extra: 5}, optional: true, of: func(_ *page, k *manage.KeyView) string { return k.Profile }},
	{column: column{head: "CREATED", extra: 3}, of: func(p *page, k *manage.KeyView) string { return ago(k.CreatedAt, p.now) }},
	{column: column{head: "CREATED BY", cut: true, extra: 4}, of: func(_ *page, k *manage.KeyView) string { return orDash(k.CreatedBy) }},
	{column: column{head: "LAST USED", extra: 1}, of: func(p *page, k *manage.KeyView) string { return p.since(k.LastUsedAt, "never") }},
}

func listKeys(p *page, rows manage.Page[manage.KeyView]) {
	if len(rows.Data) == 0 {
		p.line("No keys.")
		return
	}
	var columns []column
	table := make([][]string, len(rows.Data))
	for _, c := range keyColumns {
		filled := !c.optional || slices.ContainsFunc(rows.Data, func(k manage.KeyView) bool { return c.of(p, &k) != "" })
		if !filled {
			continue
		}
		columns = append(columns, c.column)
		for i := range rows.Data {
			table[i] = append(table[i], orDash(c.of(p, &rows.Data[i])))
		}
	}
	p.table(columns, table)
	p.more(rows.NextCursor)
}
