package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/storage"
)

// atATime is how many candidates are read at once.
const atATime = 100

// candidates lists the IDs of the keys that answer a question to key_words, in
// the order of lists.
func candidates(f storage.KeyFilter, parts string) *listing {
	l := &listing{columns: "id", from: "key_words CROSS JOIN key_numbers ON key_numbers.seq = key_words.rowid"}
	l.add(true, "key_words MATCH ?", parts)
	l.add(true, "workspace = ?", f.Workspace)
	l.after(f)
	return l
}

// thoseOf reads some candidates, in order, as far as they fit a filter.
func thoseOf(f storage.KeyFilter, ids []any) *listing {
	l := conditions(f)
	l.from = byID
	l.add(true, "id IN "+placeholders(1, len(ids)), ids...)
	return l
}

// eachCandidate calls fn for each key that fits the filter, of those that answer
// a question to key_words, until it says that it has enough.
func (r *reader) eachCandidate(ctx context.Context, f storage.KeyFilter, parts string, fn func(scan) (bool, error)) error {
	all := candidates(f, parts)
	ids, err := collect(ctx, r.session, all.query(), all.args, func(row scan) (any, error) {
		var id string
		err := row(&id)
		return id, err
	})
	if err != nil {
		return fmt.Errorf("find candidates: %w", err)
	}
	full := false
	for some := range slices.Chunk(ids, atATime) {
		these := thoseOf(f, some)
		err := r.each(ctx, these.query(), these.args, func(row scan) (bool, error) {
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
func (r *reader) frequent(ctx context.Context, f storage.KeyFilter) (bool, error) {
	l := conditions(storage.KeyFilter{Workspace: f.Workspace})
	l.after(f)
	l.columns = "search"
	most := f.Limit
	if most <= 0 || most > atATime {
		most = atATime
	}
	n, err := r.count(ctx, "SELECT 1 FROM ("+l.query()+" LIMIT ?) WHERE instr(search, ?) > 0", most,
		append(l.args, r.newest, strings.ToLower(f.Query))...)
	return n >= most, err
}

// count counts the rows of a query, up to a most.
func (r *reader) count(ctx context.Context, query string, most int, args ...any) (n int, err error) {
	err = r.row(ctx, "SELECT count(*) FROM ("+query+" LIMIT ?)", append(slices.Clone(args), most), &n)
	if err != nil {
		return 0, fmt.Errorf("count what is listed: %w", err)
	}
	return n, nil
}
