package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// KeySearch selects keys as KeyQuery does, for people who look at a page and
// see how many there are.
type KeySearch struct {
	KeyQuery
	// Order is created, name, expires, used or calls; empty: newest first.
	Order      string
	Descending bool
	// Skip leaves so many keys out at the beginning, at most MostSkipped.
	Skip int
	// UnusedFor, where positive, selects keys that could have been used for so
	// long and were not.
	UnusedFor time.Duration
	// EndsWithin, where positive, selects keys that have an end so soon.
	EndsWithin time.Duration
}

// FoundKeys are some of the keys that fit a search.
type FoundKeys struct {
	Data []KeyView
	// Count is how many fit in all; where there are more than MostCounted, that.
	Count int
}

const (
	// MostSkipped bounds what a page may lie behind: a search that finds more
	// had better be narrowed.
	MostSkipped = 10_000
	// MostCounted bounds what is counted.
	MostCounted = 10_000
)

var orders = map[string]storage.KeyColumn{
	"created": storage.ByCreation, "name": storage.ByName, "expires": storage.ByEnd,
	"used": storage.ByLastUse, "calls": storage.ByCalls,
}

// FindKeys is ListKeys with other orders, with two searches more, and with the
// number of what was found.
func (m *Manager) FindKeys(ctx context.Context, call Call, search KeySearch) (FoundKeys, error) {
	d, err := m.begin(ctx, call, "key.list", "")
	if err != nil {
		return FoundKeys{}, err
	}
	filter, err := search.filter(m.now())
	if err != nil {
		return FoundKeys{}, err
	}
	filter.Workspace = d.workspace
	var out FoundKeys
	err = m.look(ctx, d, "find keys", func(r storage.Reader, to reach) error {
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		filter := filter // this may be run again
		if !to.narrow(&filter.Project) {
			out = FoundKeys{}
			return nil
		}
		out, err = findKeys(ctx, r, filter)
		return err
	})
	return out, err
}

func (s *KeySearch) filter(now time.Time) (storage.KeyFilter, error) {
	filter, err := s.KeyQuery.filter()
	if err != nil {
		return filter, err
	}
	if s.Skip < 0 || s.Skip > MostSkipped {
		return filter, invalid("page", "lies too far behind: narrow the search")
	}
	if s.Order != "" && !has(orders, s.Order) {
		return filter, invalid("sort", "must be created, name, expires, used or calls")
	}
	filter.Now, filter.Offset = now, s.Skip
	if s.Order != "" {
		filter.Order = storage.KeyOrder{By: orders[s.Order], Descending: s.Descending}
	}
	if s.UnusedFor > 0 {
		filter.UnusedSince = now.Add(-s.UnusedFor)
	}
	if s.EndsWithin > 0 {
		filter.EndsBefore = now.Add(s.EndsWithin)
	}
	return filter, nil
}

func findKeys(ctx context.Context, r storage.Reader, filter storage.KeyFilter) (FoundKeys, error) {
	rows, err := r.Keys(ctx, filter)
	if err != nil {
		return FoundKeys{}, err
	}
	out := FoundKeys{Count: filter.Offset + len(rows)}
	if len(rows) == filter.Limit || len(rows) == 0 && filter.Offset > 0 { // else this was the last of them
		if out.Count, err = r.CountListed(ctx, filter, MostCounted); err != nil {
			return FoundKeys{}, err
		}
	}
	out.Data, err = viewsOf(ctx, r, rows, filter.Now)
	return out, err
}

// viewsOf is how keys look at a time, with what was counted for them.
func viewsOf(ctx context.Context, r storage.Reader, rows []keys.Key, now time.Time) ([]KeyView, error) {
	ids := make([]keys.ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	totals, err := r.UsageTotals(ctx, ids)
	if err != nil {
		return nil, err
	}
	views := make([]KeyView, 0, len(rows))
	for i := range rows {
		views = append(views, viewOf(&rows[i], totals[rows[i].ID], now))
	}
	return views, nil
}
