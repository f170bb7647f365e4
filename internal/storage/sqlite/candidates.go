package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// atATime is how many candidates are read at once.
const atATime = 100

// candidates lists the IDs of the keys that answer a question to key_words, in
// the order of lists.
func candidates(f storage.KeyFilter, parts string) *sqlcore.Listing {
	l := &sqlcore.Listing{Columns: "id", From: "key_words CROSS JOIN key_numbers ON key_numbers.seq = key_words.rowid"}
	l.Add(true, "key_words MATCH ?", parts)
	l.Add(true, "workspace = ?", f.Workspace)
	l.After(f)
	return l
}

// thoseOf reads some candidates, in order, as far as they fit a filter.
func (r *lister) thoseOf(f storage.KeyFilter, ids []any) *sqlcore.Listing {
	l := r.conditions(f)
	l.From = byID
	l.Add(true, "id IN "+sqlcore.Placeholders(1, len(ids)), ids...)
	return l
}

// eachCandidate calls fn for each key that fits the filter, of those that answer
// a question to key_words, until it says that it has enough.
func (r *lister) eachCandidate(ctx context.Context, f storage.KeyFilter, parts string, fn func(sqlcore.Scan) (bool, error)) error {
	all := candidates(f, parts)
	ids, err := sqlcore.Collect(ctx, r.Session, all.Query(), all.Args, func(row sqlcore.Scan) (any, error) {
		var id string
		err := row(&id)
		return id, err
	})
	if err != nil {
		return fmt.Errorf("find candidates: %w", err)
	}
	full := false
	for some := range slices.Chunk(ids, atATime) {
		these := r.thoseOf(f, some)
		err := r.Each(ctx, these.Query(), these.Args, func(row sqlcore.Scan) (bool, error) {
			full, err = fn(row)
			return full, err
		})
		if full || err != nil {
			return err
		}
	}
	return nil
}

// frequent reports whether the list of a text, without other filters, fills a
// page soon.
func (r *lister) frequent(ctx context.Context, f storage.KeyFilter) (bool, error) {
	l := r.conditions(storage.KeyFilter{Workspace: f.Workspace})
	l.After(f)
	l.Columns = "search"
	most := f.Limit
	if most <= 0 || most > atATime {
		most = atATime
	}
	n, err := r.count(ctx, "SELECT 1 FROM ("+l.Query()+" LIMIT ?) WHERE instr(search, ?) > 0", most,
		append(l.Args, r.newest, strings.ToLower(f.Query))...)
	return n >= most, err
}

// count counts the rows of a query, up to a most.
func (r *lister) count(ctx context.Context, query string, most int, args ...any) (n int, err error) {
	err = r.Row(ctx, "SELECT count(*) FROM ("+query+" LIMIT ?)", append(slices.Clone(args), most), &n)
	if err != nil {
		return 0, fmt.Errorf("count what is listed: %w", err)
	}
	return n, nil
}
