package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func keysUsage() *verb {
	var query manage.UsageQuery
	return &verb{
		use: "usage ID", short: "Show what a key was used for",
		example: "  keystile keys usage key_… --by time --from 7d",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&query.By, "by", sums[0], "add up by `WHAT`: "+oneOf(sums))
			c.Flags().StringVar(&query.From, "from", "", "`TIME` of the first hour: a time, a date, or how long ago, such as 7d")
			c.Flags().StringVar(&query.To, "to", "", "`TIME` before which the last hour starts")
			completeOneOf(c, "by", sums)
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
	table := make([][]string, 0, len(use.Data))
	for _, row := range use.Data {
		table = append(table, []string{usageName(row), fmt.Sprint(row.Calls), fmt.Sprint(row.Denied)})
	}
	p.table([]column{{head: usageHead(use.Data[0]), cut: true}, {head: "CALLS"}, {head: "DENIED"}}, table)
	p.line("\nTotal: %d", use.Total)
}

func usageHead(row manage.UsageRow) string {
	switch {
	case row.Endpoint != nil:
		return "ENDPOINT"
	case row.Project != nil:
		return "PROJECT"
	case row.Outcome != nil:
		return "OUTCOME"
	}
	return "TIME"
}

func usageName(row manage.UsageRow) string {
	switch {
	case row.Endpoint != nil:
		return *row.Endpoint
	case row.Project != nil:
		return orDash(*row.Project)
	case row.Outcome != nil:
		return *row.Outcome
	case row.Time != nil:
		return instant(*row.Time)
	}
	return "-"
}

// mostCalls is what a list of a key's calls gives at most.
const mostCalls = 100

func keysActivity() *verb {
	var query manage.ActivityQuery
	return &verb{
		use: "activity ID", short: "Show a key's latest calls, newest first",
		example: "  keystile keys activity key_… --limit 20",
		flags: func(c *cobra.Command) {
			c.Flags().IntVar(&query.Limit, "limit", 0, "how many, `N` from 1 to 100 (50 unless stated)")
		},
		check: func(stated func(string) bool) error { return checkLimit(stated, query.Limit, mostCalls) },
		run: func(t *task) (answer, error) {
			calls, err := t.service.KeyActivity(t.ctx, t.call, keys.ID(t.args[0]), query)
			return answer{document: calls, text: func(p *page) { showCalls(p, calls) }}, err
		},
	}
}

var callColumns = []column{
	{head: "WHEN"}, {head: "METHOD", extra: 1}, {head: "ROUTE", cut: true}, {head: "STATUS"},
	{head: "OUTCOME", cut: true}, {head: "CLIENT", extra: 2},
}

func showCalls(p *page, calls manage.ActivityView) {
	if len(calls.Data) == 0 {
		p.line("No calls.")
		return
	}
	table := make([][]string, 0, len(calls.Data))
	for _, c := range calls.Data {
		table = append(table, []string{
			ago(c.Time, p.now), orDash(c.Method), orDash(c.Route), fmt.Sprint(c.Status), c.Outcome, orDash(c.Client),
		})
	}
	p.table(callColumns, table)
	if calls.Sampled {
		p.line("\nNot every call between these is here; what `keys usage` counts is complete.")
	}
}
