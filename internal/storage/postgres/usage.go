package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// rowsPerStatement bounds the arrays of one statement.
const rowsPerStatement = 5000

// ApplyUsage implements storage.Store. It writes no entry of the change log.
func (s *Store) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	err := s.journal.Apply(ctx, &batch, func(q *sqlcore.Session) error {
		if err := addCalls(ctx, q, batch.Calls); err != nil {
			return err
		}
		return addDenials(ctx, q, batch.Denials)
	})
	if err != nil {
		return fmt.Errorf("apply usage batch %d: %w", batch.Sequence, err)
	}
	return nil
}

// plus adds what is excluded to what a column was, and stops at the largest
// number: beyond, the batch would fail for good.
func plus(column string) string {
	was, more := "was."+column, "excluded."+column
	return fmt.Sprintf("%s = CASE WHEN %s > %d - %s THEN %d ELSE %s + %s END", column, was, math.MaxInt64, more, math.MaxInt64, was, more)
}

// sum is plus within one statement.
func sum(column string) string {
	return fmt.Sprintf("least(sum(%s), %d)::bigint", column, math.MaxInt64)
}

var (
	// cellsAdded puts cells together that are the same one: a statement may
	// meet each row only once.
	cellsAdded = `INSERT INTO usage_cells AS was (` + sqlcore.CellColumns + `)
		SELECT ` + sqlcore.CellKey + `, bool_or(denied), ` + sum("count") + `, ` + sum("cost") + `, max(last)
		FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::boolean[], ?::bigint[], ?::bigint[], ?::bigint[])
			AS more (` + sqlcore.CellColumns + `) GROUP BY ` + sqlcore.CellKey + `
		ON CONFLICT (` + sqlcore.CellKey + `) DO UPDATE SET last = greatest(was.last, excluded.last), ` +
		plus("count") + `, ` + plus("cost")

	sumsAdded = `INSERT INTO workspace_usage AS was (workspace, environment, hour, cost)
		SELECT owner.workspace, owner.environment, more.hour, ` + sum("more.cost") + `
		FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS more (key_id, hour, cost) JOIN usage_owners AS owner USING (key_id)
		WHERE more.cost > 0 GROUP BY owner.workspace, owner.environment, more.hour
		ON CONFLICT (workspace, environment, hour) DO UPDATE SET ` + plus("cost")

	totalsAdded = `INSERT INTO usage_totals AS was (key_id, calls, last_used)
		SELECT * FROM unnest(?::text[], ?::bigint[], ?::bigint[])
		ON CONFLICT (key_id) DO UPDATE SET last_used = greatest(was.last_used, excluded.last_used), ` + plus("calls")
)

// addUsage adds cells to the sums.
func addUsage(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	for some := range slices.Chunk(cells, rowsPerStatement) {
		if err := addCells(ctx, q, some); err != nil {
			return err
		}
	}
	return addTotals(ctx, q, cells)
}

// addCells adds to the sums of cells, and of the workspaces that they are of.
func addCells(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	if err := addToCells(ctx, q, cells); err != nil {
		return err
	}
	ids, hours, costs := make([]string, len(cells)), make([]int64, len(cells)), make([]int64, len(cells))
	for i := range cells {
		ids[i], hours[i], costs[i] = string(cells[i].KeyID), sqlcore.Micros(cells[i].Hour), max(cells[i].Cost, 0)
	}
	return q.Exec(ctx, sumsAdded, ids, hours, costs)
}

func addToCells(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	var ids, endpoints, projects, outcomes []string
	var hours, counts, costs, lasts []int64
	var denied []bool
	for i := range cells {
		c := &cells[i]
		ids, hours = append(ids, string(c.KeyID)), append(hours, sqlcore.Micros(c.Hour))
		endpoints, projects, outcomes = append(endpoints, c.Endpoint), append(projects, c.Project), append(outcomes, c.Outcome)
		denied, counts, costs = append(denied, c.Denied), append(counts, max(c.Count, 0)), append(costs, max(c.Cost, 0))
		lasts = append(lasts, sqlcore.Micros(c.Last))
	}
	return q.Exec(ctx, cellsAdded, ids, hours, endpoints, projects, outcomes, denied, counts, costs, lasts)
}

func addTotals(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	totals, order := sqlcore.Totals(cells)
	for some := range slices.Chunk(order, rowsPerStatement) {
		var ids []string
		var calls, lasts []int64
		for _, id := range some {
			ids, calls = append(ids, string(id)), append(calls, totals[id].Calls)
			lasts = append(lasts, sqlcore.Micros(totals[id].LastUsed))
		}
		if err := q.Exec(ctx, totalsAdded, ids, calls, lasts); err != nil {
			return err
		}
	}
	return nil
}

const (
	// callsNoted holds the keys until the end: one that is deleted meanwhile
	// takes its calls along, these too.
	callsNoted = `INSERT INTO activity (` + sqlcore.CallColumns + `)
		SELECT more.key_id, more.time, more.method, more.endpoint, more.status, more.denied, more.client, more.missed
		FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::integer[], ?::text[], ?::text[], ?::bigint[]) WITH ORDINALITY
			AS more (` + sqlcore.CallColumns + `, n)
		JOIN (SELECT id FROM keys WHERE id = ANY (?::text[]) ORDER BY id FOR KEY SHARE) AS there ON there.id = more.key_id
		ORDER BY more.n`

	callsForgotten = `DELETE FROM activity WHERE seq IN (
		SELECT seq FROM (SELECT seq, row_number() OVER (PARTITION BY key_id ORDER BY seq DESC) AS n FROM activity WHERE key_id = ANY (?)) AS latest
		WHERE n > ?)`
)

// addCalls notes calls, oldest first, and forgets those that are too many.
func addCalls(ctx context.Context, q *sqlcore.Session, calls []storage.NotedCall) error {
	touched := map[keys.ID]bool{}
	for some := range slices.Chunk(calls, rowsPerStatement) {
		var ids, methods, endpoints, denied, clients, of []string
		var times, statuses, missed []int64
		for i := range some {
			c := &some[i]
			ids, times = append(ids, string(c.KeyID)), append(times, sqlcore.Micros(c.At))
			methods, endpoints, denied = append(methods, c.Method), append(endpoints, c.Endpoint), append(denied, c.Denied)
			clients, missed = append(clients, c.Client), append(missed, max(c.Missed, 0))
			statuses = append(statuses, int64(c.Status))
			if !touched[c.KeyID] {
				touched[c.KeyID], of = true, append(of, string(c.KeyID))
			}
		}
		if err := q.Exec(ctx, callsNoted, ids, times, methods, endpoints, statuses, denied, clients, missed, ids); err != nil {
			return err
		}
		if err := q.Exec(ctx, callsForgotten, of, storage.ActivityKept); err != nil {
			return err
		}
	}
	return nil
}
