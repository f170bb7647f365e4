package sqlcore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrKept says that rows which can't be changed or deleted are other ones than
// they should be.
var ErrKept = errors.New("it holds entries that the other store doesn't have, and entries are never deleted")

// compareKeys puts rows in the order of their table, as the databases do.
func (t *Table) compareKeys(one, other *Row) int {
	for i := range t.keys {
		order := 0
		switch v := one.values[i].(type) {
		case string:
			order = strings.Compare(v, other.values[i].(string))
		case []byte:
			order = bytes.Compare(v, other.values[i].([]byte))
		case int64:
			order = cmp.Compare(v, other.values[i].(int64))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func (t *Table) keyOf(r *Row) []any {
	all := make([]any, t.keys)
	for i := range all {
		all[i] = argument(r.values[i])
	}
	return all
}

// Page reads at most limit rows behind one (nil: from the first), in the order
// of their keys.
func (q *Session) Page(ctx context.Context, t *Table, behind *Row, limit int) ([]Row, error) {
	key, where, args := names(t.columns[:t.keys]), "", []any(nil)
	if behind != nil {
		where, args = " WHERE ("+key+") > "+Placeholders(1, t.keys), t.keyOf(behind)
	}
	return Collect(ctx, q, "SELECT "+names(t.columns)+" FROM "+t.Name+where+" ORDER BY "+key+" LIMIT ?", append(args, limit), t.scan)
}

// Equalise makes the rows behind one the same as those of another store, as
// far as pages of this size reach, and says how many it wrote or deleted. theirs
// is a page of the other store behind the same row.
func (q *Session) Equalise(ctx context.Context, t *Table, behind *Row, theirs []Row, limit int) (next *Row, changed int, err error) {
	ours, err := q.Page(ctx, t, behind, limit)
	if err != nil {
		return nil, 0, err
	}
	next = t.upTo(theirs, ours, limit)
	theirs, ours = t.cut(theirs, next), t.cut(ours, next)
	put, drop := t.difference(theirs, ours)
	for i := range drop {
		if err := q.deleteRow(ctx, t, &drop[i]); err != nil {
			return nil, 0, err
		}
	}
	return next, len(put) + len(drop), q.putRows(ctx, t, put)
}

// upTo is the last row of which it is known what both stores have up to there;
// nil: both have ended.
func (t *Table) upTo(theirs, ours []Row, limit int) (last *Row) {
	for _, page := range [][]Row{theirs, ours} {
		if len(page) < limit {
			continue
		}
		if end := &page[len(page)-1]; last == nil || t.compareKeys(end, last) < 0 {
			last = end
		}
	}
	return last
}

func (t *Table) cut(rows []Row, last *Row) []Row {
	for n := len(rows); last != nil && n > 0 && t.compareKeys(&rows[n-1], last) > 0; n-- {
		rows = rows[:n-1]
	}
	return rows
}

// difference says which of their rows ours lack or have otherwise, and which of
// ours they don't have.
func (t *Table) difference(theirs, ours []Row) (put, drop []Row) {
	for len(theirs) > 0 || len(ours) > 0 {
		order := -1
		switch {
		case len(theirs) == 0:
			order = 1
		case len(ours) > 0:
			order = t.compareKeys(&theirs[0], &ours[0])
		}
		if order < 0 || order == 0 && !bytes.Equal(theirs[0].text, ours[0].text) {
			put = append(put, theirs[0])
		}
		if order > 0 {
			drop = append(drop, ours[0])
		}
		if order <= 0 {
			theirs = theirs[1:]
		}
		if order >= 0 {
			ours = ours[1:]
		}
	}
	return put, drop
}

func (q *Session) deleteRow(ctx context.Context, t *Table, r *Row) error {
	if t.kept {
		return fmt.Errorf("%s: %w", t.Name, ErrKept)
	}
	return q.Exec(ctx, "DELETE FROM "+t.Name+" WHERE ("+names(t.columns[:t.keys])+") = "+Placeholders(1, t.keys), t.keyOf(r)...)
}

// putRows inserts rows, or has them take the place of what has their keys.
func (q *Session) putRows(ctx context.Context, t *Table, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	var args []any
	for i := range rows {
		for _, value := range rows[i].values {
			args = append(args, argument(value))
		}
	}
	given := ""
	if t.numbered {
		given = q.Given()
	}
	return q.Exec(ctx, "INSERT INTO "+t.Name+" ("+names(t.columns)+")"+given+" VALUES "+Placeholders(len(rows), len(t.columns))+t.instead(), args...)
}

// instead words what happens to a row that has the key. What is kept has none
// that isn't equal.
func (t *Table) instead() string {
	if t.kept {
		return ""
	}
	var set []string
	for _, c := range t.columns[t.keys:] {
		set = append(set, c.name+" = excluded."+c.name)
	}
	return " ON CONFLICT (" + names(t.columns[:t.keys]) + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// Renumbered has the numbers that the database gives come after those that
// were copied.
func (q *Session) Renumbered(ctx context.Context) error {
	for _, t := range Tables {
		if statement := q.Renumber(t.Name, t.columns[0].name); t.numbered && statement != "" {
			if err := q.Exec(ctx, statement); err != nil {
				return fmt.Errorf("number what follows in %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// Holding names the tables that hold anything which a new store hasn't.
func (q *Session) Holding(ctx context.Context) ([]string, error) {
	var found []string
	for _, t := range append(Tables[:len(Tables):len(Tables)], &Table{Name: "nodes"}) {
		where := ""
		if t.Name == "workspaces" {
			where = " WHERE name <> 'default'"
		}
		var any bool
		if err := q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM "+t.Name+where+")", nil, &any); err != nil {
			return nil, err
		}
		if any {
			found = append(found, t.Name)
		}
	}
	return found, nil
}
