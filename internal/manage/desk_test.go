package manage_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

func names(all []manage.KeyView) (names []string) {
	for i := range all {
		names = append(names, all[i].Name)
	}
	return names
}

func TestKeysAreFoundInTheOrderThatIsAskedForAndCounted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo")
	for _, ask := range []manage.NewKey{{Name: "beta", ExpiresIn: "10d"}, {Name: "Alpha", Project: "apollo"}, {Name: "gamma"}} {
		f.mustCreate(t, f.op, ask)
		f.advance(time.Hour)
	}
	acting := f.keyActor(t, f.op, manage.NewKey{Name: "acting", Project: "apollo", Scopes: manager()})
	f.advance(100 * time.Hour)
	for name, c := range map[string]struct {
		call   manage.Call
		search manage.KeySearch
		want   []string
		count  int
	}{
		"by name":              {f.op, manage.KeySearch{Order: "name"}, []string{"acting", "Alpha", "beta", "gamma"}, 4},
		"the second by name":   {f.op, manage.KeySearch{Order: "name", Skip: 1, KeyQuery: manage.KeyQuery{Limit: 1}}, []string{"Alpha"}, 4},
		"newest first":         {f.op, manage.KeySearch{KeyQuery: manage.KeyQuery{Limit: 2}}, []string{"acting", "gamma"}, 4},
		"behind the last":      {f.op, manage.KeySearch{Skip: 10}, nil, 4},
		"unused":               {f.op, manage.KeySearch{UnusedFor: 100 * time.Hour, Order: "created"}, []string{"beta", "Alpha", "gamma"}, 3},
		"ending":               {f.op, manage.KeySearch{EndsWithin: 240 * time.Hour}, []string{"beta"}, 1},
		"a project's key":      {acting, manage.KeySearch{Order: "name"}, []string{"acting", "Alpha"}, 2},
		"another one's, by it": {acting, manage.KeySearch{KeyQuery: manage.KeyQuery{Project: "other"}}, nil, 0},
	} {
		got, err := f.FindKeys(t.Context(), c.call, c.search)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, names(got.Data)); diff != "" || got.Count != c.count {
			t.Errorf("%s: %d found (-want +got):\n%s", name, got.Count, diff)
		}
	}
	for param, search := range map[string]manage.KeySearch{
		"sort": {Order: "digest"}, "page": {Skip: manage.MostSkipped + 1}, "status": {KeyQuery: manage.KeyQuery{Status: "x"}},
	} {
		_, err := f.FindKeys(t.Context(), f.op, search)
		wantRefusal(t, err, problem.InvalidRequest, param)
	}
}

func TestTheUsageOfAWorkspaceIsThatOfWhatTheCallReaches(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo")
	one, two := f.mustCreate(t, f.op, manage.NewKey{Name: "one", Project: "apollo"}).ID, f.mustCreate(t, f.op, manage.NewKey{Name: "two"}).ID
	acting := f.keyActor(t, f.op, manage.NewKey{Name: "acting", Project: "apollo", Scopes: manager()})
	cell := func(id keys.ID, ago time.Duration, denied bool, count int64) storage.UsageCell {
		at := start.Add(-ago).Truncate(time.Hour)
		return storage.UsageCell{KeyID: id, Hour: at, Endpoint: "GET /a", Outcome: "2xx", Denied: denied, Count: count, Last: at}
	}
	f.count(t, cell(one, time.Hour, false, 3), cell(two, time.Hour, false, 40), cell(two, 2*time.Hour, false, 500), cell(two, 48*time.Hour, false, 6000))
	if err := f.DeleteKey(t.Context(), f.op, two); err != nil {
		t.Fatal(err)
	}
	query := manage.WorkspaceUsageQuery{Since: 24 * time.Hour, Top: 5}
	all, err := f.UsageOfWorkspace(t.Context(), f.op, query)
	if err != nil {
		t.Fatal(err)
	}
	if all.Calls != 543 || len(all.Hours) != 2 || len(all.Keys) != 2 || all.Keys[0].ID != two || all.Keys[0].Name != "" || all.Keys[1].Name != "one" {
		t.Errorf("all: %+v", all)
	}
	for _, within := range []manage.Call{acting, f.op} {
		query.Project = "apollo"
		if within.Actor.Kind == manage.ActorKey {
			query.Project = ""
		}
		part, err := f.UsageOfWorkspace(t.Context(), within, query)
		if err != nil || part.Calls != 3 || len(part.Keys) != 1 {
			t.Errorf("of the project: %+v, %v", part, err)
		}
	}
	query.Project = "other"
	if none, err := f.UsageOfWorkspace(t.Context(), acting, query); err != nil || none.Calls != 0 {
		t.Errorf("of another project: %+v, %v", none, err)
	}
	if use, err := f.ShowWorkspace(t.Context(), acting); err != nil || !use.Hidden || use.Keys != 0 {
		t.Errorf("a project's key counts the workspace's keys: %+v, %v", use, err)
	}
}

func TestAWorkspaceShowsHowMuchOfItsPlanIsUsed(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.mustCreate(t, f.op, manage.NewKey{})
	use, err := f.ShowWorkspace(t.Context(), f.op)
	if err != nil || use.Keys != 1 || use.MaxKeys == nil || *use.MaxKeys != 10 || use.Plan != "free" {
		t.Errorf("%+v, %v", use, err)
	}
	_, err = f.ShowWorkspace(t.Context(), manage.Call{Actor: f.op.Actor, Workspace: "nowhere"})
	wantRefusal(t, err, problem.NotFound, "")
}

func TestAKeysLimitsAreShownWithTheirUse(t *testing.T) {
	t.Parallel()
	left := int64(7)
	f := setup(t, func(c *manage.Config) {
		c.Bounds = func(_ context.Context, of manage.BoundsOf) manage.Bounds {
			return manage.Bounds{
				Rates:     []manage.RateUse{{Name: string(of.Environment), Rate: "1/s burst 10", Burst: 10, Remaining: &left}},
				KeyQuotas: []quota.Quota{{Max: 100, Period: quota.Day}}, WorkspaceQuotas: []quota.Quota{{Max: 1000, Period: quota.Month}},
			}
		}
	})
	f.project(t, f.op, "apollo")
	id := f.mustCreate(t, f.op, manage.NewKey{Project: "apollo"}).ID
	acting := f.keyActor(t, f.op, manage.NewKey{Name: "acting", Project: "apollo", Scopes: manager()})
	hour := start.Truncate(time.Hour)
	f.count(t, storage.UsageCell{KeyID: id, Hour: hour, Endpoint: "GET /a", Outcome: "2xx", Count: 2, Cost: 30, Last: hour})
	limits, err := f.LimitsOfKey(t.Context(), f.op, id)
	if err != nil || len(limits.Rates) != 1 || *limits.Rates[0].Remaining != 7 || len(limits.Quotas) != 2 ||
		!limits.Quotas[0].Shared || limits.Quotas[0].Used != 30 || limits.Quotas[1].Used != 30 || limits.Quotas[1].Period != "day" {
		t.Errorf("%+v, %v", limits, err)
	}
	if limits, err = f.LimitsOfKey(t.Context(), acting, id); err != nil || len(limits.Quotas) != 1 || limits.Quotas[0].Shared {
		t.Errorf("a project's key sees what all keys have used: %+v, %v", limits, err)
	}
	other := f.mustCreate(t, f.op, manage.NewKey{}).ID
	_, err = f.LimitsOfKey(t.Context(), acting, other)
	wantRefusal(t, err, problem.NotFound, "")
}

func TestAnActorIsRecheckedAgainstTheStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token, err := f.CreateToken(t.Context(), f.op, manage.NewToken{Name: "a token", ExpiresIn: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	byToken, err := f.Authenticate(t.Context(), token.Secret.Reveal(), home)
	if err != nil {
		t.Fatal(err)
	}
	acting := f.keyActor(t, f.op, manage.NewKey{Name: "acting", Scopes: manager(), AllowedIPs: []string{home}})
	for _, actor := range []manage.Actor{byToken, acting.Actor} {
		if again, err := f.Recheck(t.Context(), actor); err != nil || again != actor {
			t.Errorf("%v became %v, %v", actor, again, err)
		}
	}
	elsewhere := acting.Actor
	elsewhere.Address = "198.51.100.1"
	_, err = f.Recheck(t.Context(), elsewhere)
	wantRefusal(t, err, problem.IPNotAllowed, "")
	for _, nobody := range []manage.Actor{{}, f.op.Actor, {Kind: manage.ActorOperator, ID: byToken.ID}, {Kind: manage.ActorToken, ID: "tok_none"}} {
		_, err = f.Recheck(t.Context(), nobody)
		wantRefusal(t, err, problem.InvalidToken, "")
	}
	if _, err := f.EditKey(t.Context(), f.op, keys.ID(acting.Actor.ID), manage.KeyEdit{Scopes: manage.Stated([]string{})}); err != nil {
		t.Fatal(err)
	}
	_, err = f.Recheck(t.Context(), acting.Actor)
	wantRefusal(t, err, problem.InsufficientScope, "")
	f.advance(time.Hour)
	_, err = f.Recheck(t.Context(), byToken)
	wantRefusal(t, err, problem.InvalidToken, "")
}
