package cli

import "fmt"

func plansList() *verb {
	return &verb{
		use: "list", short: "List plans",
		example: "  keystile plans list",
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListPlans(t.ctx, t.call)
			return answer{document: rows, text: func(p *page) {
				if len(rows.Data) == 0 {
					p.line("No plans.")
					return
				}
				table := make([][]string, 0, len(rows.Data))
				for _, plan := range rows.Data {
					table = append(table, []string{plan.Name, bound(plan.MaxKeys), mark(plan.Default)})
				}
				p.table([]column{{head: "NAME"}, {head: "MAX KEYS"}, {head: "DEFAULT"}}, table)
			}}, err
		},
	}
}

// bound is a number of keys, or none.
func bound(n *int) string {
	if n == nil {
		return "unlimited"
	}
	return fmt.Sprint(*n)
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

func scopesList() *verb {
	return &verb{
		use: "list", short: "List scopes",
		example: "  keystile scopes list",
		run: func(t *task) (answer, error) {
			rows, err := t.service.ListScopes(t.ctx, t.call)
			return answer{document: rows, text: func(p *page) {
				if len(rows.Data) == 0 {
					p.line("No scopes.")
					return
				}
				table := make([][]string, 0, len(rows.Data))
				for _, scope := range rows.Data {
					table = append(table, []string{scope.Name, scope.Description})
				}
				p.table([]column{{head: "NAME"}, {head: "DESCRIPTION", cut: true}}, table)
			}}, err
		},
	}
}
