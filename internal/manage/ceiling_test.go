package manage_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// What the random keys are made of. The old name of write is old, and that
// of old is ancient.
var (
	ceilingAliases = keys.Aliases{"write": {"old", "ancient"}, "old": {"ancient"}}
	someScopes     = []string{"read", "write", "old", "ancient", keys.ScopeManageKeys, keys.ScopeAll}
	someBlocks     = []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::ffff:10.1.0.0/112", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0", "::/0"}
	someProjects   = []string{"", "apollo", "gemini"}
	somePlans      = []string{"", "free", "big"}
	someEnds       = []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour}
)

// use is one request that a key may be good for.
type use struct {
	environment keys.Environment
	project     string
	scope       string // empty: the route asks for none
	client      netip.Addr
	at          time.Duration // after start
	plan        string
}

// everyUse tells any two sets of rights apart that the random keys can have.
func everyUse() (all []use) {
	clients := []string{"10.1.2.3", "10.1.9.9", "10.9.9.9", "11.0.0.1", "2001:db8::1", "2001:db8::2", "2001:db9::1"}
	for _, environment := range keys.Environments {
		for _, project := range []string{"apollo", "gemini", "another"} {
			for _, scope := range append(someScopes[:5:5], "unheard of", "") {
				for _, client := range clients {
					for _, at := range []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour} {
						for _, plan := range somePlans {
							all = append(all, use{environment, project, scope, netip.MustParseAddr(client), at, plan})
						}
					}
				}
			}
		}
	}
	return all
}

// good says what a key is good for in the plainest words there are.
func (u use) good(k manage.KeyView) bool {
	holds := u.scope == "" || slices.Contains(k.Scopes, "all") || slices.Contains(k.Scopes, u.scope)
	for _, old := range ceilingAliases[u.scope] {
		holds = holds || slices.Contains(k.Scopes, old)
	}
	from := len(k.AllowedIPs) == 0
	for _, text := range k.AllowedIPs {
		block, err := netip.ParsePrefix(text)
		if err != nil {
			addr := netip.MustParseAddr(text)
			block = netip.PrefixFrom(addr, addr.BitLen())
		}
		from = from || block.Contains(u.client)
	}
	return holds && from && k.Environment == u.environment && (k.Project == "" || k.Project == u.project) && k.Plan == u.plan &&
		(k.ExpiresAt == nil || k.ExpiresAt.After(start.Add(u.at)))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func someOf(r *rand.Rand, from []string) (out []string) {
	for _, one := range from {
		if r.IntN(4) == 0 {
			out = append(out, one)
		}
	}
	return out
}

func randomAsk(r *rand.Rand) manage.NewKey {
	ask := manage.NewKey{
		Name: "random", Environment: pick(r, append(keys.Environments, "")), Scopes: someOf(r, someScopes), Project: pick(r, someProjects),
		AllowedIPs: someOf(r, someBlocks), Plan: pick(r, somePlans), Kind: keys.CI,
	}
	if end := pick(r, someEnds); end > 0 {
		ask.ExpiresIn = end.String()[:2]
	}
	return ask
}

func ceilingCatalogue(c *manage.Config) {
	c.Catalogue.Aliases = ceilingAliases
	c.Catalogue.Plans = map[string]manage.Plan{"free": {}, "big": {}}
}

// likelier brings an ask near to what its maker has, so that not all are refused.
func likelier(r *rand.Rand, ask manage.NewKey, maker manage.KeyView) manage.NewKey {
	if r.IntN(3) > 0 {
		ask.Environment, ask.Project, ask.Plan = maker.Environment, maker.Project, maker.Plan
	}
	if r.IntN(2) > 0 {
		ask.Scopes = slices.DeleteFunc(slices.Clone(maker.Scopes), func(string) bool { return r.IntN(2) == 0 })
	}
	return ask
}

// wantWithin checks that one key is good for nothing that another isn't.
func wantWithin(t *testing.T, uses []use, maker, got manage.KeyView) {
	t.Helper()
	for _, u := range uses {
		if u.good(got) && !u.good(maker) {
			t.Fatalf("%s\nis good for %+v, and its maker is not:\n%s", rightsOf(got), u, rightsOf(maker))
		}
	}
}

func rightsOf(k manage.KeyView) string {
	return fmt.Sprintf("%s key of project %q, scopes %q, from %q, until %v, plan %q", k.Environment, k.Project, k.Scopes, k.AllowedIPs, k.ExpiresAt, k.Plan)
}

// randomMaker makes a key that manages keys, and a call by it from where it may
// be used.
func (f *fixture) randomMaker(t *testing.T, r *rand.Rand) (maker manage.CreatedKey, by manage.Call) {
	t.Helper()
	ask := randomAsk(r)
	ask.Scopes = append(slices.DeleteFunc(ask.Scopes, func(s string) bool { return s == keys.ScopeManageKeys }), keys.ScopeManageKeys)
	maker = f.mustCreate(t, f.op, ask)
	return maker, manage.Call{Actor: manage.Actor{Kind: manage.ActorKey, ID: string(maker.ID), Workspace: "default", Address: clientOf(maker.KeyView)}}
}

// What is granted, whatever was asked for, is never more than who asked has.
func TestNoKeyMakesAKeyThatIsGoodForMore(t *testing.T) {
	t.Parallel()
	f := setup(t, ceilingCatalogue)
	f.project(t, f.op, "apollo", "gemini")
	uses, made, refused := everyUse(), 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		maker, by := f.randomMaker(t, r)
		for range 20 {
			got, err := f.CreateKey(t.Context(), by, likelier(r, randomAsk(r), maker.KeyView))
			if err != nil {
				if p := manage.ProblemOf(err); p.Code != problem.InsufficientScope {
					t.Fatalf("seed %d: %v", seed, err)
				}
				refused++
				continue
			}
			made++
			wantWithin(t, uses, maker.KeyView, got.KeyView)
		}
	}
	if made < 100 || refused < 100 {
		t.Errorf("%d keys were made and %d refused, which proves little", made, refused)
	}
}

// An edit by a key touches nothing that is good for more than the key, and
// makes nothing good for more.
func TestNoKeyEditsAKeyToBeGoodForMore(t *testing.T) {
	t.Parallel()
	f := setup(t, ceilingCatalogue)
	f.project(t, f.op, "apollo", "gemini")
	uses, edited, refused := everyUse(), 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		maker, by := f.randomMaker(t, r)
		for range 20 {
			was := f.mustCreate(t, f.op, likelier(r, randomAsk(r), maker.KeyView))
			if r.IntN(2) == 0 { // one that is within reach for sure
				if own, err := f.RotateKey(t.Context(), f.op, maker.ID, manage.Rotation{}); err == nil {
					was = own
				}
			}
			got, err := f.EditKey(t.Context(), by, was.ID, randomEdit(r))
			if err != nil {
				refused++
				got, err = f.ShowKey(t.Context(), f.op, was.ID)
				if err != nil || got.ETag != was.ETag {
					t.Fatalf("seed %d: a refused edit left %+v, %v", seed, got, err)
				}
				continue
			}
			edited++
			wantWithin(t, uses, maker.KeyView, was.KeyView)
			wantWithin(t, uses, maker.KeyView, got)
		}
	}
	if edited < 20 || refused < 100 {
		t.Errorf("%d keys were edited and %d refused, which proves little", edited, refused)
	}
}

func randomEdit(r *rand.Rand) (edit manage.KeyEdit) {
	ask := randomAsk(r)
	if r.IntN(2) == 0 {
		edit.Scopes = manage.Stated(ask.Scopes)
	}
	if r.IntN(2) == 0 {
		edit.AllowedIPs = manage.Stated(ask.AllowedIPs)
	}
	switch r.IntN(3) {
	case 0:
		edit.ExpiresAt = manage.Field[string]{Set: true, Null: true}
	case 1:
		edit.ExpiresIn = manage.Stated(pick(r, []string{"1h", "2h", "3h"}))
	}
	return edit
}

// clientOf is an address that a key may be used from.
func clientOf(k manage.KeyView) string {
	if len(k.AllowedIPs) == 0 {
		return home
	}
	if block, err := netip.ParsePrefix(k.AllowedIPs[0]); err == nil {
		return block.Addr().String()
	}
	return k.AllowedIPs[0]
}
