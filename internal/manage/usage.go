package manage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// UsageQuery selects what was counted, and how it is added up.
type UsageQuery struct {
	By string // endpoint (also where empty), project, outcome, time (by the hour) or day
	// From and To bound the hours, which count as a whole: every hour that
	// meets the span. Each is a time, a date, or how long ago; empty: no bound.
	From, To string
}

// UsageView is what a key was used for.
type UsageView struct {
	Total int64      `json:"total" doc:"Allowed calls."`
	Data  []UsageRow `json:"data" nullable:"false"`
}

// UsageRow is one sum: of an endpoint, a project or an hour, as was asked.
type UsageRow struct {
	Endpoint *string    `json:"endpoint,omitempty" doc:"Methods and pattern, as in the route."`
	Project  *string    `json:"project,omitempty" doc:"Empty: none; (other): not registered."`
	Outcome  *string    `json:"outcome,omitempty" doc:"Of allowed calls the class of the status, such as 2xx, or aborted; of others the code of the refusal."`
	Time     *time.Time `json:"time,omitempty" doc:"Start of the hour or day, in UTC."`
	Calls    int64      `json:"calls"`
	Denied   int64      `json:"denied"`
}

// usageBy names a cell's row in each of the ways to add up.
var usageBy = map[string]func(*storage.UsageCell) UsageRow{
	"endpoint": func(c *storage.UsageCell) UsageRow { return UsageRow{Endpoint: &c.Endpoint} },
	"project":  func(c *storage.UsageCell) UsageRow { return UsageRow{Project: &c.Project} },
	"outcome":  func(c *storage.UsageCell) UsageRow { return UsageRow{Outcome: &c.Outcome} },
	"time":     func(c *storage.UsageCell) UsageRow { return UsageRow{Time: orNull(c.Hour)} },
	"day":      func(c *storage.UsageCell) UsageRow { return UsageRow{Time: orNull(c.Hour.Truncate(24 * time.Hour))} },
}

// KeyUsage implements Service.
func (m *Manager) KeyUsage(ctx context.Context, call Call, id keys.ID, query UsageQuery) (UsageView, error) {
	d, err := m.begin(ctx, call, "key.usage", id)
	if err != nil {
		return UsageView{}, err
	}
	by := cmp.Or(query.By, "endpoint")
	if !has(usageBy, by) {
		return UsageView{}, invalid("by", "must be endpoint, project, outcome, time or day")
	}
	from, to, err := m.span(query)
	if err != nil {
		return UsageView{}, err
	}
	var out UsageView
	err = m.look(ctx, d, "read usage", func(r storage.Reader, reached reach) error {
		if _, err := reached.owner(ctx, r, id); err != nil {
			return err
		}
		cells, err := r.UsageCells(ctx, id, from, to)
		out = addUp(cells, usageBy[by])
		return err
	})
	return out, err
}

// span reads the bounds. The first hour is the one that from lies in.
func (m *Manager) span(q UsageQuery) (from, to time.Time, err error) {
	if from, err = parsePast("from", q.From, m.now()); err != nil {
		return from, to, err
	}
	if to, err = parsePast("to", q.To, m.now()); err != nil {
		return from, to, err
	}
	if !from.IsZero() {
		from = from.Truncate(time.Hour)
	}
	return from, to, nil
}

// usageName is what makes two cells one row; the fields that a row doesn't
// name are equal.
type usageName struct {
	text string
	time time.Time
}

func (r *UsageRow) key() usageName {
	switch {
	case r.Endpoint != nil:
		return usageName{text: *r.Endpoint}
	case r.Project != nil:
		return usageName{text: *r.Project}
	case r.Outcome != nil:
		return usageName{text: *r.Outcome}
	}
	return usageName{time: *r.Time}
}

// addUp sums cells into rows: hours in their order, the others by calls, the
// most first.
func addUp(cells []storage.UsageCell, nameOf func(*storage.UsageCell) UsageRow) UsageView {
	rows := map[usageName]*UsageRow{}
	out := UsageView{Data: []UsageRow{}}
	for i := range cells {
		row := nameOf(&cells[i])
		sum, there := rows[row.key()]
		if !there {
			sum = &row
			rows[row.key()] = sum
		}
		if cells[i].Denied {
			sum.Denied += cells[i].Count
			continue
		}
		sum.Calls += cells[i].Count
		out.Total += cells[i].Count
	}
	for _, row := range rows {
		out.Data = append(out.Data, *row)
	}
	slices.SortFunc(out.Data, compareRows)
	return out
}

func compareRows(a, b UsageRow) int {
	if a.Time != nil {
		return a.Time.Compare(*b.Time)
	}
	return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(b.Denied, a.Denied), cmp.Compare(a.key().text, b.key().text))
}
