package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

// summed are the columns that usage of many keys is added up by, and what of a
// row names the sum: its hour or its text.
var summed = map[storage.UsageBy]struct{ columns, group string }{
	storage.UsageByHour:     {"c.hour, ''", "c.hour"},
	storage.UsageByEndpoint: {"0, c.endpoint", "c.endpoint"},
	storage.UsageByProject:  {"0, c.project", "c.project"},
	storage.UsageByOutcome:  {"0, c.outcome", "c.outcome"},
	storage.UsageByKey:      {"0, c.key_id", "c.key_id"},
}

// UsageSums implements storage.Reader. The join is crossed so that SQLite goes
// by the keys of the workspace, whose hours are together.
func (r *Reader) UsageSums(ctx context.Context, of storage.UsageSumOf) ([]storage.UsageSum, error) {
	by, known := summed[of.By]
	if !known {
		return nil, fmt.Errorf("add usage up by %q: there is no such sum", of.By)
	}
	if err := r.beforeSums(ctx, false); err != nil {
		return nil, err
	}
	query := "SELECT " + by.columns + `,
		CAST(SUM(CASE WHEN c.denied THEN 0 ELSE c.count END) AS BIGINT) AS allowed,
		CAST(SUM(CASE WHEN c.denied THEN c.count ELSE 0 END) AS BIGINT) AS refused
		FROM usage_owners AS o CROSS JOIN usage_cells AS c
		WHERE o.workspace = ? AND c.key_id = o.key_id AND c.hour >= ?`
	args := []any{of.Workspace, Micros(of.From)}
	if of.Project != "" {
		query, args = query+" AND o.project = ?", append(args, of.Project)
	}
	query += " GROUP BY " + by.group + " ORDER BY "
	if of.By == storage.UsageByHour {
		query += "c.hour"
	} else {
		query += "allowed DESC, refused DESC, " + by.group
	}
	if of.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, of.Limit)
	}
	sums, err := Collect(ctx, r.Session, query, args, func(row Scan) (storage.UsageSum, error) {
		var s storage.UsageSum
		var hour int64
		err := row(&hour, &s.Name, &s.Calls, &s.Denied)
		if of.By == storage.UsageByHour {
			s.Hour = FromMicros(hour)
		}
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("add up the usage of %s: %w", of.Workspace, err)
	}
	return sums, nil
}
