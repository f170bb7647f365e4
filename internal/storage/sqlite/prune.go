package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// There is no index of cells by hour: it made the file half as large again and
// more, and new cells half as slow. Old ones are found key by key instead, on a
// snapshot beside the writers; a transaction only removes what it is told.

const (
	// keysWithOld visits the next keys that were used, and tells which of them
	// have old cells. Each step is one seek.
	keysWithOld = `WITH RECURSIVE used(id) AS (
			SELECT min(key_id) FROM usage_cells WHERE key_id >= ?1
			UNION ALL
			SELECT (SELECT min(key_id) FROM usage_cells WHERE key_id > used.id) FROM used WHERE used.id IS NOT NULL LIMIT ?2)
		SELECT id, EXISTS (SELECT 1 FROM usage_cells WHERE key_id = used.id AND hour < ?3) FROM used WHERE id IS NOT NULL`

	// oldSums seeks each workspace's sums.
	oldSums = `WITH RECURSIVE used(name) AS (
			SELECT min(workspace) FROM workspace_usage
			UNION ALL
			SELECT (SELECT min(workspace) FROM workspace_usage WHERE workspace > used.name) FROM used WHERE used.name IS NOT NULL)
		SELECT s.workspace, s.environment, s.hour FROM used CROSS JOIN (SELECT ?1 AS name UNION ALL SELECT ?2) AS environments
		CROSS JOIN workspace_usage AS s ON s.workspace = used.name AND s.environment = environments.name AND s.hour < ?3 LIMIT ?4`
)

// old is what one transaction is to remove: primary keys.
type old struct {
	cells, sums, incarnations, denials [][]any

	next     keys.ID // where to look on
	more     bool    // there is something to look at
	unlisted bool    // there are old cells of what no route listed
	damaged  bool    // there are old batches that couldn't be read
}

// PruneUsage implements storage.Store. Where the walk through the keys has come
// to is known for as long as the process lives.
func (s *Store) PruneUsage(ctx context.Context, p storage.UsagePrune) (more bool, err error) {
	if err := s.journal.Post(ctx); err != nil {
		return false, err
	}
	found, err := s.findOld(ctx, p)
	if err != nil {
		return false, fmt.Errorf("look for old usage: %w", err)
	}
	if found.unlisted || found.damaged || len(found.cells)+len(found.sums)+len(found.incarnations)+len(found.denials) > 0 {
		if err := s.change(ctx, func(q *sqlcore.Session) error { return found.remove(ctx, q, p) }); err != nil {
			return false, fmt.Errorf("remove old usage: %w", err)
		}
	}
	s.pruned.Store(&found.next)
	return found.more || slices.Contains([]int{len(found.sums), len(found.incarnations), len(found.denials)}, p.Limit), nil
}

func (s *Store) findOld(ctx context.Context, p storage.UsagePrune) (*old, error) {
	found := &old{}
	return found, s.snapshot(ctx, func(q *sqlcore.Session, _ storage.Position) (err error) {
		err = q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM usage_cells WHERE key_id = ? AND hour < ?)",
			[]any{storage.UnlistedID, sqlcore.Micros(p.UnlistedBefore)}, &found.unlisted)
		if err != nil {
			return err
		}
		if !p.CellsBefore.IsZero() {
			if found.damaged, err = q.OldDamage(ctx, p); err != nil {
				return err
			}
			if err := s.findOldCells(ctx, q, p, found); err != nil {
				return err
			}
			found.sums, err = sqlcore.Collect(ctx, q, oldSums, []any{keys.Live, keys.Test, sqlcore.Micros(p.CellsBefore), p.Limit}, columns(3))
			if err != nil {
				return err
			}
		}
		found.incarnations, err = sqlcore.Collect(ctx, q, `SELECT incarnation FROM usage_incarnations WHERE updated < ? LIMIT ?`,
			[]any{sqlcore.Micros(p.IncarnationsBefore), p.Limit}, columns(1))
		if err != nil || p.DenialsBefore.IsZero() {
			return err
		}
		found.denials, err = sqlcore.Collect(ctx, q, `SELECT seq FROM denials WHERE time < ? LIMIT ?`,
			[]any{sqlcore.Micros(p.DenialsBefore), p.Limit}, columns(1))
		return err
	})
}

// findOldCells looks at as many keys as may be removed cells of.
func (s *Store) findOldCells(ctx context.Context, q *sqlcore.Session, p storage.UsagePrune, found *old) error {
	var from keys.ID
	if at := s.pruned.Load(); at != nil {
		from = *at
	}
	visited, last, of := 0, keys.ID(""), []any(nil)
	err := q.Each(ctx, keysWithOld, []any{from, p.Limit, sqlcore.Micros(p.CellsBefore)}, func(row sqlcore.Scan) (bool, error) {
		var stale bool
		err := row(&last, &stale)
		if visited++; stale {
			of = append(of, last)
		}
		return false, err
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(of, rowsPerStatement) {
		cells, err := sqlcore.Collect(ctx, q, "SELECT "+sqlcore.CellKey+" FROM usage_cells WHERE key_id IN "+sqlcore.Placeholders(1, len(chunk))+" AND hour < ? LIMIT ?",
			slices.Concat(chunk, []any{sqlcore.Micros(p.CellsBefore), p.Limit - len(found.cells)}), columns(5))
		if err != nil {
			return err
		}
		found.cells = append(found.cells, cells...)
	}
	switch {
	case len(found.cells) == p.Limit:
		found.next, found.more = from, true // these keys may have more
	case visited == p.Limit:
		found.next, found.more = last+"\x00", true // the very next ID that there could be
	}
	return nil
}

// columns reads so many columns as they are.
func columns(n int) func(sqlcore.Scan) ([]any, error) {
	return func(row sqlcore.Scan) ([]any, error) {
		values, dest := make([]any, n), make([]any, n)
		for i := range values {
			dest[i] = &values[i]
		}
		return values, row(dest...)
	}
}

// remove asks for the age once more: an incarnation may have come back.
func (o *old) remove(ctx context.Context, q *sqlcore.Session, p storage.UsagePrune) error {
	if err := q.PruneUnlisted(ctx, p); err != nil {
		return err
	}
	if err := q.PruneDamaged(ctx, p); err != nil {
		return err
	}
	for _, of := range []struct {
		table, key, age string
		rows            [][]any
		before          int64
	}{
		{"usage_cells", sqlcore.CellKey, "hour", o.cells, sqlcore.Micros(p.CellsBefore)},
		{"workspace_usage", "workspace, environment, hour", "hour", o.sums, sqlcore.Micros(p.CellsBefore)},
		{"usage_incarnations", "incarnation", "updated", o.incarnations, sqlcore.Micros(p.IncarnationsBefore)},
		{"denials", "seq", "time", o.denials, sqlcore.Micros(p.DenialsBefore)},
	} {
		for chunk := range slices.Chunk(of.rows, rowsPerStatement) {
			statement := fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (VALUES %s) AND %s < ?", of.table, of.key, sqlcore.Placeholders(len(chunk), len(chunk[0])), of.age)
			if err := q.Exec(ctx, statement, append(slices.Concat(chunk...), of.before)...); err != nil {
				return err
			}
		}
	}
	return nil
}
