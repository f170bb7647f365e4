package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// keysWithHours is keysWithOld for cells of other hours than the first of their
// day.
const keysWithHours = `WITH RECURSIVE used(id) AS (
		SELECT min(key_id) FROM usage_cells WHERE key_id >= ?1
		UNION ALL
		SELECT (SELECT min(key_id) FROM usage_cells WHERE key_id > used.id) FROM used WHERE used.id IS NOT NULL LIMIT ?2)
	SELECT id, EXISTS (SELECT 1 FROM usage_cells WHERE key_id = used.id AND hour >= ?3 AND hour < ?4 AND hour % ?5 <> 0) FROM used WHERE id IS NOT NULL`

// RollUpUsage implements storage.Store. It looks beside the writers, as
// PruneUsage does, and its walk through the keys is known for as long as the
// process lives.
func (s *Store) RollUpUsage(ctx context.Context, r storage.UsageRollUp) (more bool, err error) {
	var days []sqlcore.KeyDay
	var next keys.ID
	err = s.snapshot(ctx, func(q *sqlcore.Session, _ storage.Position) (err error) {
		days, next, more, err = s.daysInHours(ctx, q, r)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for old hours of usage: %w", err)
	}
	if len(days) > 0 {
		if err := s.change(ctx, func(q *sqlcore.Session) error { return q.RollUp(ctx, days, addToCells) }); err != nil {
			return false, fmt.Errorf("put old usage together: %w", err)
		}
	}
	s.rolledUp.Store(&next)
	return more, nil
}

func (s *Store) daysInHours(ctx context.Context, q *sqlcore.Session, r storage.UsageRollUp) (days []sqlcore.KeyDay, next keys.ID, more bool, err error) {
	var from keys.ID
	if at := s.rolledUp.Load(); at != nil {
		from = *at
	}
	between := []any{max(sqlcore.Micros(r.From), 0), sqlcore.Micros(r.Before), sqlcore.MicrosPerDay}
	visited, last, of := 0, keys.ID(""), []any(nil)
	err = q.Each(ctx, keysWithHours, append([]any{from, r.Limit}, between...), func(row sqlcore.Scan) (bool, error) {
		var has bool
		err := row(&last, &has)
		if visited++; has {
			of = append(of, last)
		}
		return false, err
	})
	if err != nil {
		return nil, "", false, err
	}
	for chunk := range slices.Chunk(of, rowsPerStatement) {
		some, err := sqlcore.Collect(ctx, q, "SELECT DISTINCT key_id, hour - hour % ? FROM usage_cells WHERE key_id IN "+sqlcore.Placeholders(1, len(chunk))+
			" AND hour >= ? AND hour < ? AND hour % ? <> 0 LIMIT ?",
			slices.Concat([]any{sqlcore.MicrosPerDay}, chunk, between, []any{r.Limit - len(days)}), sqlcore.ScanKeyDay)
		if err != nil {
			return nil, "", false, err
		}
		days = append(days, some...)
	}
	switch {
	case len(days) == r.Limit:
		return days, from, true, nil // these keys may have more
	case visited == r.Limit:
		return days, last + "\x00", true, nil // the very next ID that there could be
	}
	return days, "", false, nil
}

// addToCells is addCells for cells of one key and hour, which were counted
// before: what triggers add to the sum of its workspace is taken back.
func addToCells(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
	if err := addCells(ctx, q, cells); err != nil || len(cells) == 0 {
		return err
	}
	var cost int64
	for i := range cells {
		cost += cells[i].Cost
	}
	return q.Exec(ctx, `UPDATE workspace_usage SET cost = max(cost - ?, 0) WHERE hour = ?
		AND (workspace, environment) = (SELECT workspace, environment FROM usage_owners WHERE key_id = ?)`,
		cost, sqlcore.Micros(cells[0].Hour), cells[0].KeyID)
}
