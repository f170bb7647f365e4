package sqlcore

import (
	"context"
	"fmt"
	"strings"

	"github.com/keystile/keystile/internal/storage"
)

// ranks are what keys are put in order by, other than that of lists. What keys
// are looked for in begins with their names, in lower case of every script.
var ranks = map[storage.KeyColumn]string{
	storage.ByCreation: "created_at",
	storage.ByName:     "search",
	storage.ByEnd:      "COALESCE(expires_at, 9223372036854775807)",
	storage.ByLastUse:  "COALESCE(last_used, 0)",
	storage.ByCalls:    "COALESCE(calls, 0)",
}

// ranked lists keys in an order that no index has, or by what was counted for
// them: all that fit are read and sorted, in memory as long as these are some
// ten thousand.
func ranked(ctx context.Context, q *Session, f storage.KeyFilter, fn func(Scan) (enough bool, err error)) error {
	order, err := orderOf(f.Order)
	if err != nil {
		return err
	}
	l := counted(q, f)
	l.After(f)
	query := l.unordered() + order
	if f.Limit <= 0 {
		return q.Each(ctx, query+" LIMIT ? OFFSET ?", append(l.Args, int64(1)<<62, f.Offset), fn)
	}
	// More than one round only where damaged keys are left out.
	for offset := f.Offset; ; offset += f.Limit {
		read, done := 0, false
		err := q.Each(ctx, query+" LIMIT ? OFFSET ?", append(l.Args[:len(l.Args):len(l.Args)], f.Limit, offset), func(row Scan) (_ bool, err error) {
			read++
			done, err = fn(row)
			return done, err
		})
		if err != nil || done || read < f.Limit {
			return err
		}
	}
}

func orderOf(o storage.KeyOrder) (string, error) {
	if o == (storage.KeyOrder{}) {
		return inListOrder, nil
	}
	rank, known := ranks[o.By]
	if !known {
		return "", fmt.Errorf("order keys by %q: there is no such order", o.By)
	}
	if o.Descending {
		rank += " DESC"
	}
	return " ORDER BY " + rank + strings.Replace(inListOrder, " ORDER BY ", ", ", 1), nil
}

// counted are the conditions of a filter on keys beside what was counted for
// them.
func counted(d Dialect, f storage.KeyFilter) *Listing {
	l := Conditions(d, f)
	l.From = "keys LEFT JOIN usage_totals ON usage_totals.key_id = keys.id"
	open := !f.UnusedSince.IsZero() || !f.EndsBefore.IsZero()
	l.Add(open, "status <> 'revoked' AND (expires_at IS NULL OR expires_at > ?)", Micros(f.Now))
	l.Add(!f.UnusedSince.IsZero(), "created_at < ? AND COALESCE(last_used, 0) < ?", Micros(f.UnusedSince), Micros(f.UnusedSince))
	l.Add(!f.EndsBefore.IsZero(), "expires_at < ?", Micros(f.EndsBefore))
	return l
}

// beforeSumsOf is beforeSums where a list depends on what was counted.
func (r *Reader) beforeSumsOf(ctx context.Context, f storage.KeyFilter) error {
	if f.UnusedSince.IsZero() && f.Order.By != storage.ByLastUse && f.Order.By != storage.ByCalls {
		return nil
	}
	return r.beforeSums(ctx, false)
}

// CountListed implements storage.Reader.
func (r *Reader) CountListed(ctx context.Context, f storage.KeyFilter, most int) (int, error) {
	l := Conditions(r, f)
	if !f.UnusedSince.IsZero() || !f.EndsBefore.IsZero() {
		if err := r.beforeSumsOf(ctx, f); err != nil {
			return 0, err
		}
		l = counted(r, f)
	}
	l.Columns = "1"
	var n int
	if err := r.Row(ctx, "SELECT count(*) FROM ("+l.unordered()+" LIMIT ?) AS listed", append(l.Args, most), &n); err != nil {
		return 0, fmt.Errorf("count what is listed: %w", err)
	}
	return n, nil
}
