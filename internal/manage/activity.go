package manage

import (
	"cmp"
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ActivityQuery selects calls.
type ActivityQuery struct {
	Limit int // 1 to 100; 0 is 50
}

// ActivityView is a key's latest calls.
type ActivityView struct {
	Data []CallView `json:"data" nullable:"false"`
	// Sampled: under pressure not each call was noted, though each was counted.
	Sampled bool `json:"sampled" doc:"Whether calls between these are missing here; sums never miss one."`
}

// CallView is one call.
type CallView struct {
	Time    time.Time `json:"time"`
	Method  string    `json:"method"`
	Route   string    `json:"route" doc:"Methods and pattern, as in the route."`
	Status  int       `json:"status" doc:"As it was answered; 0: the call ended without a status line."`
	Outcome string    `json:"outcome" doc:"allowed, or the code of the refusal; under mode observe, of what the refusal would have been."`
	Client  string    `json:"client" doc:"The client's address."`
	Missed  int64     `json:"missed" doc:"Calls right before this one that were only counted."`
}

const (
	defaultActivity = 50
	mostActivity    = storage.ActivityKept
)

// KeyActivity implements Service.
func (m *Manager) KeyActivity(ctx context.Context, call Call, id keys.ID, query ActivityQuery) (ActivityView, error) {
	d, err := m.begin(ctx, call, "key.activity", id)
	if err != nil {
		return ActivityView{}, err
	}
	if query.Limit < 0 || query.Limit > mostActivity {
		return ActivityView{}, invalid("limit", "must be 1 to %d", mostActivity)
	}
	var out ActivityView
	err = m.look(ctx, d, "read activity", func(r storage.Reader, to reach) error {
		if _, err := to.find(ctx, r, id); err != nil {
			return err
		}
		calls, err := r.Activity(ctx, id, cmp.Or(query.Limit, defaultActivity))
		out = viewOfActivity(calls)
		return err
	})
	return out, err
}

func viewOfActivity(calls []storage.NotedCall) ActivityView {
	v := ActivityView{Data: make([]CallView, 0, len(calls))}
	for i := range calls {
		c := &calls[i]
		v.Sampled = v.Sampled || c.Missed > 0
		v.Data = append(v.Data, CallView{
			Time: c.At.UTC(), Method: c.Method, Route: c.Endpoint, Status: c.Status, Client: c.Client,
			Outcome: cmp.Or(c.Denied, "allowed"), Missed: c.Missed,
		})
	}
	return v
}
