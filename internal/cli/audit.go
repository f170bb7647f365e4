package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func audit() *verb {
	var query manage.AuditQuery
	var key string
	var pages paging
	return &verb{
		use: "audit", short: "List what was done, by whom, newest first",
		example: `  keystile audit --key key_…
  keystile audit --action key.revoke --from 7d`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&key, "key", "", "only what was done to the key `ID`, deleted ones included")
			c.Flags().StringVar(&query.Actor, "actor", "", "only what `ACTOR` did, as the list names them")
			c.Flags().StringVar(&query.Action, "action", "", "only `ACTION`, such as key.revoke")
			c.Flags().StringVar(&query.From, "from", "", "`TIME` of the first entry: a time, a date, or how long ago, such as 7d")
			c.Flags().StringVar(&query.To, "to", "", "`TIME` before which the last entry is")
			pages.define(c)
		},
		check: pages.check,
		run: func(t *task) (answer, error) {
			query.KeyID = keys.ID(key)
			rows, err := turn(pages, func(limit int, cursor string) (manage.Page[manage.AuditView], error) {
				query.Limit, query.Cursor = limit, cursor
				return t.service.ListAudit(t.ctx, t.call, query)
			})
			return answer{document: rows, text: func(p *page) { listAudit(p, rows) }}, err
		},
	}
}

var auditColumns = []column{
	{head: "WHEN"}, {head: "ACTOR", cut: true}, {head: "ACTION", cut: true}, {head: "ON"},
	{head: "REASON", cut: true, extra: 2}, {head: "CHANGES", cut: true, extra: 1},
}

func listAudit(p *page, rows manage.Page[manage.AuditView]) {
	if len(rows.Data) == 0 {
		p.line("Nothing.")
		return
	}
	table := make([][]string, 0, len(rows.Data))
	for _, e := range rows.Data {
		table = append(table, []string{
			ago(e.Time, p.now), e.Actor, e.Action, orDash(cmp.Or(string(e.KeyID), e.Target)), orDash(e.Reason), changesOf(e),
		})
	}
	p.table(auditColumns, table)
	p.more(rows.NextCursor)
}

// changesOf tells what changed from what to what.
func changesOf(e manage.AuditView) string {
	told := make([]string, 0, len(e.Changes))
	for _, field := range slices.Sorted(maps.Keys(e.Changes)) {
		change := e.Changes[field]
		text := field + ": " + valueOf(change.To)
		if change.From != nil {
			text = field + ": " + valueOf(change.From) + " → " + valueOf(change.To)
		}
		told = append(told, text)
	}
	return orDash(strings.Join(told, "; "))
}

// valueOf is a value as a person reads it.
func valueOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "none"
	case string:
		return orDash(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, part := range v {
			parts = append(parts, valueOf(part))
		}
		return orDash(strings.Join(parts, ", "))
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+"="+valueOf(v[name]))
		}
		return orDash(strings.Join(parts, ", "))
	}
	return fmt.Sprint(value)
}
