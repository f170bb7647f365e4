package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// The size of a page of keys.
const (
	defaultPage = 100
	maxPage     = 1000
)

// KeyQuery selects keys. Empty fields select all.
type KeyQuery struct {
	Status      keys.Status
	Environment keys.Environment
	Project     string
	Owner       string
	Search      string // part of the name, the hint or the ID, in any case
	Limit       int    // 1 to 1000; 0: 100
	Cursor      string // NextCursor of the page before
}

// ListKeys implements Service.
func (m *Manager) ListKeys(ctx context.Context, call Call, query KeyQuery) (Page[KeyView], error) {
	d, err := m.begin(ctx, call, "key.list", "")
	if err != nil {
		return Page[KeyView]{}, err
	}
	filter, err := query.filter()
	if err != nil {
		return Page[KeyView]{}, err
	}
	filter.Workspace, filter.Now = d.workspace, m.now()
	var out Page[KeyView]
	err = m.look(ctx, d, "list keys", func(r storage.Reader, to reach) error {
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		filter := filter // this may be run again
		if !to.narrow(&filter.Project) {
			out = page[KeyView](nil)
			return nil
		}
		out, err = keyPage(ctx, r, filter)
		return err
	})
	return out, err
}

func (q KeyQuery) filter() (storage.KeyFilter, error) {
	f := storage.KeyFilter{
		Status: q.Status, Environment: q.Environment, Project: q.Project, Owner: q.Owner,
		Query: q.Search, Limit: q.Limit,
	}
	if q.Limit == 0 {
		f.Limit = defaultPage
	}
	switch q.Status {
	case "", keys.Active, keys.Inactive, keys.Revoked, keys.Expired:
	default:
		return f, invalid("status", "must be active, inactive, revoked or expired")
	}
	switch q.Environment {
	case "", keys.Live, keys.Test:
	default:
		return f, invalid("environment", "must be live or test")
	}
	if f.Limit < 1 || f.Limit > maxPage {
		return f, invalid("limit", "must be 1 to %d", maxPage)
	}
	for param, text := range map[string]string{"project": q.Project, "owner": q.Owner, "q": q.Search} {
		if err := searchText.check(param, text); err != nil {
			return f, err
		}
	}
	var ok bool
	if f.After, f.AfterID, ok = readCursor(q.Cursor); !ok {
		return f, badCursor()
	}
	return f, nil
}

// keyPage reads one row more than the page has, to see whether there is a next
// one.
func keyPage(ctx context.Context, r storage.Reader, filter storage.KeyFilter) (Page[KeyView], error) {
	size := filter.Limit
	filter.Limit++
	rows, err := r.Keys(ctx, filter)
	if err != nil {
		return Page[KeyView]{}, err
	}
	more := len(rows) > size
	rows = rows[:min(size, len(rows))]
	out := page[KeyView](nil)
	if out.Data, err = viewsOf(ctx, r, rows, filter.Now); err != nil {
		return Page[KeyView]{}, err
	}
	if more {
		next := cursorOf(&rows[size-1])
		out.NextCursor = &next
	}
	return out, nil
}
