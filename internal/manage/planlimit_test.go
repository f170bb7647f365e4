package manage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// counted is how many keys of a plan are taken up: each that hasn't ended, save
// where the key that replaced it counts for it. It is stricter than the store's
// own count where more than two of a line work.
func (f *fixture) counted(t *testing.T, workspace string) int {
	t.Helper()
	var all []keys.Key
	err := f.store.View(t.Context(), func(r storage.Reader) (err error) {
		all, err = r.Keys(t.Context(), storage.KeyFilter{Workspace: workspace})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	now := f.clock() // after the read: what was read may have ended since
	works := map[keys.ID]*keys.Key{}
	for i := range all {
		if status := all[i].StatusAt(now); status == keys.Active || status == keys.Inactive {
			works[all[i].ID] = &all[i]
		}
	}
	n := 0
	for _, k := range works {
		successor := works[k.ReplacedBy]
		if successor == nil || works[successor.ReplacedBy] != nil {
			n++
		}
	}
	return n
}

// Over every way by which a key comes to count.
func TestMGMT08CreatesRotationsAndReactivationsTogetherNeverPassThePlansLimit(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, reversible)
	const most = 10
	var alive, revoked []keys.ID
	for i := range most {
		id := f.mustCreate(t, f.op, manage.NewKey{}).ID
		if i%2 == 0 {
			f.mustRevoke(t, f.op, id)
			revoked = append(revoked, id)
			continue
		}
		alive = append(alive, id)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	told := map[problem.Code]int{}
	start := func(attempt func(ctx context.Context) error) {
		all.Go(func() {
			err := attempt(t.Context())
			refused, ok := errors.AsType[*manage.Error](err)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ok:
				told[refused.Problem.Code]++
			case err != nil:
				t.Error(err)
			default:
				told["done"]++
			}
		})
	}
	for range 10 {
		for i := range alive {
			start(func(ctx context.Context) error {
				_, err := f.CreateKey(ctx, f.op, manage.NewKey{Name: "a racer"})
				return err
			})
			if i%2 == 0 {
				start(func(ctx context.Context) error {
					_, err := f.RotateKey(ctx, f.op, alive[i], manage.Rotation{})
					return err
				})
			}
		}
	}
	for _, id := range revoked {
		start(func(ctx context.Context) error { _, err := f.ReactivateKey(ctx, f.op, id); return err })
	}
	all.Wait()
	if got := f.counted(t, "default"); got != most {
		t.Errorf("%d keys count, want exactly %d", got, most)
	}
	want := map[problem.Code]int{"done": most/2 + 3, problem.RotationInProgress: 27, problem.PlanLimitReached: 50}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("answered %v, want %v", told, want)
	}
}

func TestNothingThatIsDoneToKeysAtOncePassesThePlansLimit(t *testing.T) {
	t.Parallel()
	const most, workers, steps = 5, 5, 60
	f := setup(t, reversible, func(c *manage.Config) {
		c.Catalogue = manage.Catalogue{Plans: map[string]manage.Plan{"small": {MaxKeys: most}}, DefaultPlan: "small"}
		c.RotationGrace = time.Hour
	})
	var reached atomic.Bool
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(worker), 1))
			for range steps {
				if err := f.disturb(t.Context(), dice); err != nil {
					t.Error(err)
					return
				}
				switch n := f.counted(t, "default"); {
				case n > most:
					t.Errorf("%d keys count, of at most %d", n, most)
					return
				case n == most:
					reached.Store(true)
				}
			}
		})
	}
	all.Wait()
	if !reached.Load() {
		t.Errorf("%d keys never counted: the limit was not tried", most)
	}
}

// disturb does something to a key. That it is refused is no error.
func (f *fixture) disturb(ctx context.Context, dice *rand.Rand) error {
	id := f.anyKey(ctx, dice)
	ends := manage.Stated(fmt.Sprintf("%dm", 1+dice.IntN(120)))
	var err error
	switch dice.IntN(10) {
	case 0, 1, 2:
		_, err = f.CreateKey(ctx, f.op, manage.NewKey{Name: "a racer", ExpiresIn: ends.Value})
	case 3, 4:
		_, err = f.RotateKey(ctx, f.op, id, manage.Rotation{Grace: fmt.Sprintf("%dm", dice.IntN(60))})
	case 5, 6:
		_, err = f.ReactivateKey(ctx, f.op, id)
	case 7:
		_, err = f.EditKey(ctx, f.op, id, manage.KeyEdit{ExpiresIn: ends})
	case 8:
		_, err = f.RevokeKey(ctx, f.op, id, manage.Revocation{})
	case 9:
		if dice.IntN(4) == 0 {
			err = f.DeleteKey(ctx, f.op, id)
		}
		f.advance(time.Duration(dice.IntN(20)) * time.Minute)
	}
	if _, refused := errors.AsType[*manage.Error](err); refused {
		return nil
	}
	return err
}

// anyKey is one of the newest keys, or none.
func (f *fixture) anyKey(ctx context.Context, dice *rand.Rand) keys.ID {
	page, err := f.ListKeys(ctx, f.op, manage.KeyQuery{Limit: 15})
	if err != nil || len(page.Data) == 0 {
		return "key_nobody"
	}
	return page.Data[dice.IntN(len(page.Data))].ID
}

func TestWhatComesBackNeedsRoomInThePlan(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, reversible)
	revoked, expired := f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	pair := f.mustCreate(t, f.op, manage.NewKey{})
	successor := f.mustRotate(t, f.op, pair.ID, "24h")
	f.mustRevoke(t, f.op, pair.ID)
	f.mustRevoke(t, f.op, revoked.ID)
	f.advance(time.Hour)
	var last keys.ID
	for range 9 {
		last = f.mustCreate(t, f.op, manage.NewKey{}).ID
	}
	full := func(what string, attempt func(context.Context) error) {
		t.Helper()
		f.changesNothing(t, "default", func(ctx context.Context) {
			t.Log(what)
			wantRefusal(t, attempt(ctx), problem.PlanLimitReached, "")
		})
	}
	full("a revoked key", func(ctx context.Context) error { _, err := f.ReactivateKey(ctx, f.op, revoked.ID); return err })
	full("an expired key", func(ctx context.Context) error {
		_, err := f.EditKey(ctx, f.op, expired.ID, manage.KeyEdit{ExpiresAt: null[string]()})
		return err
	})
	if _, err := f.ReactivateKey(t.Context(), f.op, pair.ID); err != nil {
		t.Errorf("a key whose replacement counts for it: %v", err)
	}
	f.mustRotate(t, f.op, last, "24h")
	f.mustEdit(t, f.op, last, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	if _, err := f.ReactivateKey(t.Context(), f.op, last); err != nil {
		t.Errorf("a key that counted while it was paused: %v", err)
	}
	f.mustRevoke(t, f.op, successor.ID) // the key that it replaced counts in its place
	full("a revoked key", func(ctx context.Context) error { _, err := f.ReactivateKey(ctx, f.op, revoked.ID); return err })
	f.mustDelete(t, f.op, pair.ID)
	if _, err := f.ReactivateKey(t.Context(), f.op, revoked.ID); err != nil {
		t.Errorf("with room: %v", err)
	}
}

func TestPlansWithoutABoundTakeAnyNumberOfKeys(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*fixture{"no plans": setup(t, reversible), "unlimited": setup(t, catalogue, reversible)} {
		call := f.workspace(t, "large", map[bool]string{true: "big"}[name == "unlimited"])
		var id keys.ID
		for range 15 {
			id = f.mustCreate(t, call, manage.NewKey{}).ID
		}
		f.mustRevoke(t, call, id)
		if _, err := f.ReactivateKey(t.Context(), call, id); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
