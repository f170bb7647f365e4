package sqlcore

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// UsageCost implements storage.Reader.
func (r *Reader) UsageCost(ctx context.Context, of storage.UsageOf, since time.Time) (int64, error) {
	if err := r.beforeSums(ctx, of.Whole); err != nil {
		return 0, err
	}
	query, args := costQuery(of, Micros(since))
	var cost int64
	if err := r.Row(ctx, query, args, &cost); err != nil {
		return 0, fmt.Errorf("sum up usage: %w", err)
	}
	return cost, nil
}

func costQuery(of storage.UsageOf, since int64) (query string, args []any) {
	if of.Lineage == "" {
		return "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM workspace_usage WHERE workspace = ? AND environment = ? AND hour >= ?",
			[]any{of.Workspace, of.Environment, since}
	}
	query = "SELECT CAST(COALESCE(SUM(c.cost), 0) AS BIGINT) FROM usage_owners o JOIN usage_cells c ON c.key_id = o.key_id WHERE o.lineage = ? AND c.hour >= ?"
	args = []any{of.Lineage, since}
	if of.Endpoint != "" {
		query, args = query+" AND c.endpoint = ?", append(args, of.Endpoint)
	}
	return query, args
}
