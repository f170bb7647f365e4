package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

const reportLong = `It adds up what gates in mode observe let through and would have refused, by key, route and reason. Once it
names nobody who should pass, mode enforce refuses nobody who should.`

func report() *verb {
	var query manage.ReportQuery
	return &verb{
		use: "report", short: "Tell who would have been refused under mode observe", long: reportLong,
		example: "  keystile report --from 24h",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&query.From, "from", "", "`TIME` since when: a time, a date, or how long ago (7d unless stated)")
		},
		run: func(t *task) (answer, error) {
			inspector, err := t.inspector()
			if err != nil {
				return answer{}, err
			}
			view, err := inspector.ReportRefusals(t.ctx, t.call, query)
			return answer{document: view, text: func(p *page) { tellReport(p, view) }}, err
		},
	}
}

var reportColumns = []column{
	{head: "REQUESTS"}, {head: "KEY"}, {head: "NAME", cut: true, extra: 1}, {head: "ROUTE", cut: true}, {head: "REASON"}, {head: "LAST"},
	{head: "WORKSPACE", cut: true, extra: 2},
}

func tellReport(p *page, view manage.ReportView) {
	since := view.From.Format("2006-01-02 15:04 MST")
	if len(view.Data) == 0 {
		p.line("No request would have been refused since %s.", since)
		return
	}
	p.line("%s would have been refused since %s:\n", counted(int(view.Total), "request", "requests"), since)
	rows := make([][]string, 0, len(view.Data))
	for _, one := range view.Data {
		key := string(one.KeyID)
		if key == "" {
			key = "no known key"
		}
		rows = append(rows, []string{
			fmt.Sprint(one.Requests), key, orDash(one.Name), one.Route, one.Code, ago(one.Last, p.now), orDash(one.Workspace),
		})
	}
	p.table(reportColumns, rows)
	if view.More {
		p.line("\nThere are more, each of fewer requests.")
	}
}
