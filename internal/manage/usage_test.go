package manage_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// used is a key that was called in three hours, on two endpoints, in two
// projects, with denials.
func used(t *testing.T) (*fixture, keys.ID) {
	t.Helper()
	f := setup(t)
	id := f.mustCreate(t, f.op, manage.NewKey{}).ID
	other := f.mustCreate(t, f.op, manage.NewKey{}).ID
	cell := func(id keys.ID, hour int, endpoint, project, outcome string, denied bool, count int64) storage.UsageCell {
		at := time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC)
		return storage.UsageCell{
			KeyID: id, Hour: at, Endpoint: endpoint, Project: project, Outcome: outcome, Denied: denied, Count: count, Last: at,
		}
	}
	f.count(t,
		cell(id, 9, "GET /a", "", "2xx", false, 1), cell(id, 10, "GET /a", "px", "2xx", false, 20),
		cell(id, 10, "GET /a", "px", "5xx", false, 3), cell(id, 10, "POST /b", "px", "rate_limited", true, 400),
		cell(id, 11, "POST /b", "(other)", "2xx", false, 5), cell(other, 10, "GET /a", "px", "2xx", false, 6000),
	)
	return f, id
}

func TestUsageIsAddedUpInEachWay(t *testing.T) {
	t.Parallel()
	f, id := used(t)
	for by, want := range map[string]string{
		"":         `{"total":29,"data":[{"endpoint":"GET /a","calls":24,"denied":0},{"endpoint":"POST /b","calls":5,"denied":400}]}`,
		"endpoint": `{"total":29,"data":[{"endpoint":"GET /a","calls":24,"denied":0},{"endpoint":"POST /b","calls":5,"denied":400}]}`,
		"project":  `{"total":29,"data":[{"project":"px","calls":23,"denied":400},{"project":"(other)","calls":5,"denied":0},{"project":"","calls":1,"denied":0}]}`,
		"outcome":  `{"total":29,"data":[{"outcome":"2xx","calls":26,"denied":0},{"outcome":"5xx","calls":3,"denied":0},{"outcome":"rate_limited","calls":0,"denied":400}]}`,
		"time": `{"total":29,"data":[{"time":"2026-11-22T09:00:00Z","calls":1,"denied":0},` +
			`{"time":"2026-11-22T10:00:00Z","calls":23,"denied":400},{"time":"2026-11-22T11:00:00Z","calls":5,"denied":0}]}`,
		"day": `{"total":29,"data":[{"time":"2026-11-22T00:00:00Z","calls":29,"denied":400}]}`,
	} {
		got, err := f.KeyUsage(t.Context(), f.op, id, manage.UsageQuery{By: by})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("by %q (-want +got):\n%s", by, diff)
		}
	}
}

func TestUsageIsBoundedByHoursThatMeetTheSpan(t *testing.T) {
	t.Parallel()
	f, id := used(t) // at 12:30
	for name, row := range map[string]struct {
		query manage.UsageQuery
		want  int64
	}{
		"all":                      {manage.UsageQuery{}, 29},
		"from an hour's start":     {manage.UsageQuery{From: "2026-11-22T10:00:00Z"}, 28},
		"from within an hour":      {manage.UsageQuery{From: "2026-11-22T10:59:59Z"}, 28},
		"to an hour's start":       {manage.UsageQuery{To: "2026-11-22T10:00:00Z"}, 1},
		"to within an hour":        {manage.UsageQuery{To: "2026-11-22T10:00:01Z"}, 24},
		"both":                     {manage.UsageQuery{From: "2026-11-22T10:00:00Z", To: "2026-11-22T11:00:00Z"}, 23},
		"in another time zone":     {manage.UsageQuery{From: "2026-11-22T13:00:00+02:00"}, 5},
		"from a day":               {manage.UsageQuery{From: "2026-11-22"}, 29},
		"to a day":                 {manage.UsageQuery{To: "2026-11-22"}, 0},
		"since two hours ago":      {manage.UsageQuery{From: "2h"}, 28},
		"until three hours ago":    {manage.UsageQuery{To: "3h"}, 1},
		"in the future":            {manage.UsageQuery{From: "2027-01-01"}, 0},
		"by time, since yesterday": {manage.UsageQuery{By: "time", From: "1d"}, 29},
	} {
		got, err := f.KeyUsage(t.Context(), f.op, id, row.query)
		if err != nil || got.Total != row.want {
			t.Errorf("%s: %d, %v; want %d", name, got.Total, err, row.want)
		}
	}
}

func TestBadUsageQueriesAreRefused(t *testing.T) {
	t.Parallel()
	f, id := used(t)
	for param, query := range map[string]manage.UsageQuery{
		"by": {By: "color"}, "from": {From: "yesterday"}, "to": {To: "2026-13-01"},
	} {
		_, err := f.KeyUsage(t.Context(), f.op, id, query)
		wantRefusal(t, err, problem.InvalidRequest, param)
	}
}

func TestUnusedKeysHaveAnEmptyList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got, err := f.KeyUsage(t.Context(), f.op, f.mustCreate(t, f.op, manage.NewKey{}).ID, manage.UsageQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(got); string(text) != `{"total":0,"data":[]}` {
		t.Errorf("an unused key has %s", text)
	}
}
