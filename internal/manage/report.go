package manage

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ReportQuery says since when.
type ReportQuery struct {
	// From is a time, a date, or how long ago; empty: 7d. Its hour counts as a
	// whole.
	From string
}

// ReportView is what gates would have refused that only observe.
type ReportView struct {
	From  time.Time     `json:"from"`
	Total int64         `json:"total" doc:"Requests that would have been refused, of those in data."`
	Data  []RefusalView `json:"data" nullable:"false"`
	More  bool          `json:"more" doc:"Whether there are rarer ones that are left out."`
}

// RefusalView adds up the refusals of one key on one route for one reason.
type RefusalView struct {
	KeyID     keys.ID   `json:"key_id" doc:"Empty: no key that is known here."`
	Name      string    `json:"name" doc:"Of the key; empty where it is gone."`
	Workspace string    `json:"workspace"`
	Route     string    `json:"route" doc:"Methods and pattern, as in the route; default: none lists it."`
	Code      string    `json:"code" doc:"Of the refusal."`
	Requests  int64     `json:"requests"`
	Last      time.Time `json:"last"`
}

const (
	reportedFor  = "7d"
	mostRefusals = 5000
)

// ReportRefusals implements Inspector.
func (m *Manager) ReportRefusals(ctx context.Context, call Call, query ReportQuery) (ReportView, error) {
	d, err := m.govern(ctx, call, "report.show")
	if err != nil {
		return ReportView{}, err
	}
	from, err := parsePast("from", cmp.Or(query.From, reportedFor), m.now())
	if err != nil {
		return ReportView{}, err
	}
	var out ReportView
	err = m.look(ctx, d, "report refusals", func(r storage.Reader, _ reach) error {
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		only := d.workspace
		if call.Workspace == "" && call.Actor.operates() {
			only = "" // of any, and of nobody
		}
		out, err = report(ctx, r, from.Truncate(time.Hour), only)
		return err
	})
	return out, err
}

// report reads what was observed; only, where stated, is the one workspace that
// is told of.
func report(ctx context.Context, r storage.Reader, from time.Time, only string) (ReportView, error) {
	out := ReportView{From: from.UTC(), Data: []RefusalView{}}
	cells, err := r.Observed(ctx, from, mostRefusals+1)
	if err != nil {
		return out, err
	}
	if out.More = len(cells) > mostRefusals; out.More {
		cells = cells[:mostRefusals]
	}
	whose := map[keys.ID]RefusalView{}
	for i := range cells {
		c := &cells[i]
		row, known := whose[c.KeyID]
		if !known {
			if row, err = refusedKey(ctx, r, c.KeyID); err != nil {
				return out, err
			}
			whose[c.KeyID] = row
		}
		if only != "" && row.Workspace != only {
			continue
		}
		row.Route, row.Code, row.Requests, row.Last = c.Endpoint, strings.TrimPrefix(c.Outcome, storage.WouldBe), c.Count, c.Last.UTC()
		out.Data, out.Total = append(out.Data, row), out.Total+c.Count
	}
	return out, nil
}

// refusedKey says whose requests were refused, as far as that is still known.
func refusedKey(ctx context.Context, r storage.Reader, id keys.ID) (RefusalView, error) {
	if id == storage.StrangerID {
		return RefusalView{}, nil
	}
	row := RefusalView{KeyID: id}
	key, err := r.Key(ctx, id)
	switch {
	case err == nil:
		row.Name, row.Workspace = key.Name, key.Workspace
		return row, nil
	case !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrDamaged):
		return row, err
	}
	owner, err := r.UsageOwner(ctx, id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return row, err
	}
	row.Workspace = owner.Workspace
	return row, nil
}
