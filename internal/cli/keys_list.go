package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// nameWidth lets a row of the list fit into 80 columns.
const nameWidth = 20

func keysList() *verb {
	var query manage.KeyQuery
	var status, environment string
	return &verb{
		use: "list", short: "List keys, newest first",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&status, "status", "", "only those of this `STATUS`: active, inactive, revoked or expired")
			c.Flags().StringVar(&environment, "environment", "", "only those of this `ENV`: live or test")
			c.Flags().StringVar(&query.Project, "project", "", "only those of project `NAME`")
			c.Flags().StringVar(&query.Owner, "owner", "", "only those of owner `NAME`")
			c.Flags().StringVar(&query.Search, "search", "", "only those with `TEXT` in the name, hint or ID")
			c.Flags().IntVar(&query.Limit, "limit", 0, "how many at once, `N` from 1 to 1000 (100 unless stated)")
			c.Flags().StringVar(&query.Cursor, "cursor", "", "go on from `CURSOR`, where the list before ended")
		},
		run: func(t *task) (answer, error) {
			query.Status, query.Environment = keys.Status(status), keys.Environment(environment)
			rows, err := t.service.ListKeys(t.ctx, t.call, query)
			return answer{document: rows, text: func(p *page) { listKeys(p, rows) }}, err
		},
	}
}

func listKeys(p *page, rows manage.Page[manage.KeyView]) {
	if len(rows.Data) == 0 {
		p.line("No keys.")
		return
	}
	table := [][]string{{"ID", "NAME", "ENV", "STATUS", "LAST USED"}}
	for _, k := range rows.Data {
		table = append(table, []string{
			string(k.ID), short(k.Name, nameWidth), string(k.Environment), string(k.Status), p.when(k.LastUsedAt, "never"),
		})
	}
	p.table(table)
	if rows.NextCursor != nil {
		p.line("\nThere are more: repeat with --cursor %s", *rows.NextCursor)
	}
}

func keysUsage() *verb {
	var query manage.UsageQuery
	return &verb{
		use: "usage ID", short: "Show what a key was used for",
		example: "  keystile keys usage key_… --by time --from 7d",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&query.By, "by", "endpoint", "add up by `WHAT`: endpoint, project or time")
			c.Flags().StringVar(&query.From, "from", "", "`TIME` of the first hour: a time, a date, or how long ago, such as 7d")
			c.Flags().StringVar(&query.To, "to", "", "`TIME` before which the last hour starts")
		},
		run: func(t *task) (answer, error) {
			use, err := t.service.KeyUsage(t.ctx, t.call, keys.ID(t.args[0]), query)
			return answer{document: use, text: func(p *page) { showUsage(p, use) }}, err
		},
	}
}

func showUsage(p *page, use manage.UsageView) {
	if len(use.Data) == 0 {
		p.line("No calls.")
		return
	}
	table := [][]string{{usageHead(use.Data[0]), "CALLS", "DENIED"}}
	for _, row := range use.Data {
		table = append(table, []string{usageName(row), fmt.Sprint(row.Calls), fmt.Sprint(row.Denied)})
	}
	p.table(table)
	p.line("\nTotal: %d", use.Total)
}

func usageHead(row manage.UsageRow) string {
	switch {
	case row.Endpoint != nil:
		return "ENDPOINT"
	case row.Project != nil:
		return "PROJECT"
	}
	return "HOUR"
}

func usageName(row manage.UsageRow) string {
	switch {
	case row.Endpoint != nil:
		return plain(*row.Endpoint)
	case row.Project != nil:
		return orDash(plain(*row.Project))
	}
	return row.Time.UTC().Format("2006-01-02 15:04 UTC")
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
