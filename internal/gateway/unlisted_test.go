package gateway_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/storage"
)

// unlisted is how often keys called what no route lists, by endpoint and
// outcome.
func (f *fixture) unlisted() map[string]int64 {
	f.t.Helper()
	must(f.t, f.engine.Flush(f.t.Context()))
	sums := map[string]int64{}
	must(f.t, f.store.View(f.t.Context(), func(r storage.Reader) error {
		cells, err := r.UsageCells(f.t.Context(), storage.UnlistedID, time.Time{}, time.Time{})
		for _, c := range cells {
			sums[c.Project+" "+c.Endpoint+" "+c.Outcome] += c.Count
		}
		return err
	}))
	return sums
}

func TestWhatKeysCallAndNoRouteListsIsKnown(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/v1/projects"}})
	f.gate.StandAt(":443")
	_, secret := f.key(nil)
	for range 2 {
		f.ask("GET", "/v2/projects/1234567?secret=x", secret)
	}
	f.ask("BREW", "/v1/projects", secret)
	f.ask("GET", "/v1/projects", secret)
	f.ask("GET", "/v3", "")
	f.ask("GET", "/v3", f.format.Mint("live").Reveal())
	got := f.unlisted()
	if len(got) != 2 || got[":443 GET /v2/projects/{} route_not_allowed"] != 2 || got[":443 other /v1/projects route_not_allowed"] != 1 {
		t.Errorf("known: %v", got)
	}
}

func TestWhatPassesWithoutARouteIsKnownAsAllowedAndCountedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/v1/projects"}}, func(c *gateway.Config) { c.Site.DefaultAllow = true })
	f.gate.StandAt(":443")
	id, secret := f.key(nil)
	f.gate.Count(f.ask("GET", "/v2", secret), 200)
	if got := f.unlisted(); len(got) != 1 || got[":443 GET /v2 allowed"] != 1 {
		t.Errorf("known: %v", got)
	}
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		totals, err := r.UsageTotals(t.Context(), []keys.ID{id, storage.UnlistedID})
		if len(totals) != 1 || totals[id].Calls != 1 {
			t.Errorf("totals: %v", totals)
		}
		return err
	}))
}

func TestAGateWithoutRoutesHasNothingUnlisted(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, secret := f.key(nil)
	f.ask("GET", "/v2", secret)
	if got := f.unlisted(); len(got) > 0 {
		t.Errorf("known: %v", got)
	}
}
