package manage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// home is where the callers of these tests call from.
const home = "192.0.2.7"

// keyActor makes a key and lets it in.
func (f *fixture) keyActor(t *testing.T, call manage.Call, ask manage.NewKey) manage.Call {
	t.Helper()
	made := f.mustCreate(t, call, ask)
	actor, err := f.Authenticate(t.Context(), made.Secret.Reveal(), home)
	if err != nil {
		t.Fatalf("let %+v in: %v", ask, err)
	}
	return manage.Call{Actor: actor}
}

func manager(more ...string) []string { return append([]string{keys.ScopeManageKeys}, more...) }

// tried returns the newest entry of a workspace's trail, which has to be of
// this actor.
func (f *fixture) tried(t *testing.T, call manage.Call) storage.AuditEntry {
	t.Helper()
	newest := f.audit(t, call.Actor.Workspace)[0]
	if newest.Actor != call.Actor.String() || newest.Client != call.Actor.Address {
		t.Errorf("the newest entry is of %s at %s", newest.Actor, newest.Client)
	}
	return newest
}

func TestMGMT06AKeyEntersWithTheScopeWhileItIsActiveFromItsAddresses(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) { c.Catalogue.Aliases = keys.Aliases{keys.ScopeManageKeys: {"admin"}} })
	ended := func(made manage.CreatedKey) {
		if _, err := f.RevokeKey(t.Context(), f.op, made.ID, manage.Revocation{}); err != nil {
			t.Fatal(err)
		}
	}
	paused := func(made manage.CreatedKey) { f.pause(t, made.ID) }
	for name, row := range map[string]struct {
		ask     manage.NewKey
		then    func(manage.CreatedKey)
		address string
		code    problem.Code // empty: it enters
	}{
		"no scope":                        {ask: manage.NewKey{}, code: problem.InsufficientScope},
		"another scope":                   {ask: manage.NewKey{Scopes: []string{"manage", "manage:api-keysx"}}, code: problem.InsufficientScope},
		"the scope":                       {ask: manage.NewKey{Scopes: manager("read")}},
		"all scopes":                      {ask: manage.NewKey{Scopes: []string{"all"}}},
		"an old name of the scope":        {ask: manage.NewKey{Scopes: []string{"admin"}}},
		"a test key":                      {ask: manage.NewKey{Scopes: manager(), Environment: keys.Test}},
		"revoked":                         {ask: manage.NewKey{Scopes: manager()}, then: ended, code: problem.InvalidToken},
		"inactive":                        {ask: manage.NewKey{Scopes: manager()}, then: paused, code: problem.InvalidToken},
		"revoked, without the scope":      {ask: manage.NewKey{}, then: ended, code: problem.InvalidToken},
		"before its end":                  {ask: manage.NewKey{Scopes: manager(), ExpiresIn: "2h"}},
		"at its end":                      {ask: manage.NewKey{Scopes: manager(), ExpiresIn: "1h"}, code: problem.InvalidToken},
		"from its address":                {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{home}}, address: home},
		"from its address, mapped":        {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{home}}, address: "::ffff:" + home},
		"from its block":                  {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{"192.0.2.0/24"}}, address: home},
		"from another address":            {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{"192.0.2.8"}}, address: home, code: problem.IPNotAllowed},
		"from no address":                 {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{"0.0.0.0/0", "::/0"}}, code: problem.IPNotAllowed},
		"from what is no address":         {ask: manage.NewKey{Scopes: manager(), AllowedIPs: []string{"::/0"}}, address: "invalid IP", code: problem.IPNotAllowed},
		"from elsewhere, without a scope": {ask: manage.NewKey{AllowedIPs: []string{"192.0.2.8"}}, address: home, code: problem.InsufficientScope},
	} {
		row.ask.Name = name
		made := f.mustCreate(t, f.op, row.ask)
		if row.then != nil {
			row.then(made)
		}
		at := start.Add(time.Hour)
		actor, err := f.at(at).Authenticate(t.Context(), made.Secret.Reveal(), row.address)
		want := manage.Actor{}
		if row.code != "" {
			wantRefusal(t, err, row.code, "")
		} else if want = (manage.Actor{Kind: manage.ActorKey, ID: string(made.ID), Name: name, Workspace: "default", Address: row.address}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if actor != want {
			t.Errorf("%s: let in as %+v, want %+v", name, actor, want)
		}
	}
}

func TestMGMT02AKeyGrantsNothingThatItLacks(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, func(c *manage.Config) {
		c.Catalogue.Scopes["old"], c.Catalogue.Aliases = "Old name of write", keys.Aliases{"write": {"old"}}
		c.Catalogue.Plans["slow"] = manage.Plan{}
	})
	f.project(t, f.op, "apollo", "gemini")
	by := f.keyActor(t, f.op, manage.NewKey{
		Scopes: manager("read"), Project: "apollo", ExpiresIn: "48h", AllowedIPs: []string{"192.0.2.0/24", "2001:db8::1"}, Plan: "slow",
	})
	for name, row := range map[string]struct {
		ask   manage.NewKey
		field string
	}{
		"a scope more":             {manage.NewKey{Scopes: []string{"read", "write"}}, "scopes"},
		"another scope's old name": {manage.NewKey{Scopes: []string{"old"}}, "scopes"},
		"all scopes":               {manage.NewKey{Scopes: []string{"all"}}, "scopes"},
		"the other environment":    {manage.NewKey{Environment: keys.Test}, "environment"},
		"another project":          {manage.NewKey{Project: "gemini"}, "project"},
		"a later end":              {manage.NewKey{ExpiresIn: "49h"}, "expires_at"},
		"an end a moment later":    {manage.NewKey{ExpiresAt: start.Add(48*time.Hour + time.Microsecond).Format(time.RFC3339Nano)}, "expires_at"},
		"any address":              {manage.NewKey{AllowedIPs: []string{"0.0.0.0/0"}}, "allowed_ips"},
		"a wider block":            {manage.NewKey{AllowedIPs: []string{"192.0.2.0/23"}}, "allowed_ips"},
		"an address more":          {manage.NewKey{AllowedIPs: []string{"192.0.2.1", "198.51.100.1"}}, "allowed_ips"},
		"IPv6 by IPv4":             {manage.NewKey{AllowedIPs: []string{"2001:db8::/64"}}, "allowed_ips"},
		"another plan":             {manage.NewKey{Plan: "big"}, "plan"},
	} {
		row.ask.Name = name
		_, err := f.CreateKey(t.Context(), by, row.ask)
		wantRefusal(t, err, problem.InsufficientScope, row.field)
		if text := err.Error(); strings.Contains(text, "192.0.2") || strings.Contains(text, "read") || strings.Contains(text, "apollo") || strings.Contains(text, "slow") {
			t.Errorf("%s: the refusal says what the key holds: %s", name, text)
		}
		if got := f.tried(t, by); got.Action != "key.create.refused" || got.KeyID != "" {
			t.Errorf("%s: recorded as %+v", name, got)
		}
	}
	if rows := f.mustList(t, f.op, manage.KeyQuery{}); len(rows.Data) != 1 {
		t.Errorf("%d keys were made", len(rows.Data)-1)
	}
}

func TestAKeyGrantsUpToWhatItHas(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.project(t, f.op, "apollo")
	by := f.keyActor(t, f.op, manage.NewKey{
		Name: "the manager", Environment: keys.Test, Scopes: manager("read"), Project: "apollo", ExpiresIn: "48h",
		AllowedIPs: []string{"192.0.2.0/24", "10.0.0.0/8"}, Plan: "big",
	})
	left := f.mustCreate(t, by, manage.NewKey{})
	if left.Environment != keys.Test || left.Project != "apollo" || left.Kind != keys.Project || left.Plan != "big" || left.CreatedBy != "the manager" ||
		left.ExpiresAt == nil || !left.ExpiresAt.Equal(start.Add(48*time.Hour)) || len(left.Scopes) != 0 {
		t.Errorf("what it left out, it has as %+v", left.KeyView)
	}
	if diff := cmp.Diff([]string{"192.0.2.0/24", "10.0.0.0/8"}, left.AllowedIPs); diff != "" {
		t.Errorf("addresses: %s", diff)
	}
	full := f.mustCreate(t, by, manage.NewKey{
		Environment: keys.Test, Scopes: manager("read"), Project: "apollo", ExpiresIn: "48h",
		AllowedIPs: []string{"::ffff:192.0.2.128/121", "10.255.0.1"}, Plan: "big", Kind: keys.CI,
	})
	if diff := cmp.Diff(manager("read"), full.Scopes); diff != "" {
		t.Errorf("scopes: %s", diff)
	}
	wide := f.keyActor(t, f.op, manage.NewKey{Name: "of everything", Scopes: []string{"all"}})
	got := f.mustCreate(t, wide, manage.NewKey{Project: "apollo", Scopes: []string{"all"}, ExpiresIn: "9d", AllowedIPs: []string{"10.0.0.1"}})
	if got.Project != "apollo" || got.Plan != "" || got.ExpiresAt == nil {
		t.Errorf("made %+v", got.KeyView)
	}
}

func TestAKeyThatLostItsRightGetsNoFurther(t *testing.T) {
	t.Parallel()
	f := setup(t)
	edit := func(change func(*keys.Key)) func(keys.ID) { return func(id keys.ID) { f.edit(t, id, change) } }
	for name, row := range map[string]struct {
		lose func(keys.ID)
		code problem.Code
	}{
		"revoked": {func(id keys.ID) {
			if _, err := f.RevokeKey(t.Context(), f.op, id, manage.Revocation{}); err != nil {
				t.Fatal(err)
			}
		}, problem.InvalidToken},
		"switched off":           {func(id keys.ID) { f.pause(t, id) }, problem.InvalidToken},
		"expired":                {edit(func(k *keys.Key) { k.ExpiresAt = start }), problem.InvalidToken},
		"narrowed":               {edit(func(k *keys.Key) { k.Scopes = []string{"read"} }), problem.InsufficientScope},
		"sent home":              {edit(func(k *keys.Key) { k.AllowedIPs = []string{"192.0.2.8"} }), problem.IPNotAllowed},
		"less than is asked for": {edit(func(k *keys.Key) { k.Scopes = manager("write") }), problem.InsufficientScope},
	} {
		by := f.keyActor(t, f.op, manage.NewKey{Name: name, Scopes: manager("read")})
		row.lose(keys.ID(by.Actor.ID))
		_, err := f.CreateKey(t.Context(), by, manage.NewKey{Name: "too late", Scopes: []string{"read"}})
		param := ""
		if name == "less than is asked for" {
			param = "scopes"
		}
		wantRefusal(t, err, row.code, param)
		_, err = f.ShowKey(t.Context(), by, "kst_pasted")
		if code := manage.ProblemOf(err).Code; code != row.code && name != "less than is asked for" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, entry := range f.everyEntry(t) {
		if entry.KeyID == "kst_pasted" {
			t.Errorf("recorded %+v", entry)
		}
	}
	if rows := f.mustList(t, f.op, manage.KeyQuery{Search: "too late"}); len(rows.Data) != 0 {
		t.Errorf("made %+v", rows.Data)
	}
}

// handles are the calls that a key may make about keys that hold no more.
func (f *fixture) handles(t *testing.T, call manage.Call, id keys.ID) map[string]error {
	t.Helper()
	ctx, errs := t.Context(), map[string]error{}
	_, errs["key.edit"] = f.EditKey(ctx, call, id, manage.KeyEdit{Description: manage.Stated("mine now")})
	_, errs["key.edit, off"] = f.EditKey(ctx, call, id, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	_, errs["key.reactivate"] = f.ReactivateKey(ctx, call, id)
	_, errs["key.rotate"] = f.RotateKey(ctx, call, id, manage.Rotation{Grace: "1h"})
	return errs
}

func TestAKeyDoesNotTouchKeysThatHoldMore(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, func(c *manage.Config) { c.Catalogue.DefaultPlan = "" })
	f.project(t, f.op, "apollo")
	by := f.keyActor(t, f.op, manage.NewKey{
		Name: "the manager", Scopes: manager("read"), Project: "apollo", ExpiresIn: "48h", AllowedIPs: []string{"192.0.2.0/24"}, Plan: "big",
	})
	like := manage.NewKey{Name: "like the manager", Scopes: []string{"read"}, Project: "apollo", ExpiresIn: "48h", AllowedIPs: []string{home}, Plan: "big"}
	for name, more := range map[string]func(*manage.NewKey){
		"a scope":               func(k *manage.NewKey) { k.Scopes = []string{"read", "write"} },
		"all scopes":            func(k *manage.NewKey) { k.Scopes = []string{"all"} },
		"the other environment": func(k *manage.NewKey) { k.Environment = keys.Test },
		"a later end":           func(k *manage.NewKey) { k.ExpiresIn = "49h" },
		"no end":                func(k *manage.NewKey) { k.ExpiresIn = "" },
		"another address":       func(k *manage.NewKey) { k.AllowedIPs = []string{"198.51.100.1"} },
		"any address":           func(k *manage.NewKey) { k.AllowedIPs = nil },
		"another plan":          func(k *manage.NewKey) { k.Plan = "free" },
		"the workspace's plan":  func(k *manage.NewKey) { k.Plan = "" },
	} {
		ask := like
		more(&ask)
		strong := f.mustCreate(t, f.op, ask)
		f.pause(t, strong.ID)
		before, err := f.ShowKey(t.Context(), f.op, strong.ID)
		if err != nil {
			t.Fatal(err)
		}
		for what, err := range f.handles(t, by, strong.ID) {
			wantRefusal(t, err, problem.InsufficientScope, "")
			action, _, _ := strings.Cut(what, ",")
			if !slices.ContainsFunc(f.audit(t, "default"), func(e storage.AuditEntry) bool {
				return e.Action == action+".refused" && e.KeyID == strong.ID && e.Actor == by.Actor.String()
			}) {
				t.Errorf("%s: %s was not recorded", name, what)
			}
		}
		if after, err := f.ShowKey(t.Context(), f.op, strong.ID); err != nil || !cmp.Equal(before, after) {
			t.Errorf("%s: it became %+v, %v", name, after, err)
		}
	}
	weak := f.mustCreate(t, f.op, like)
	for what, err := range f.handles(t, by, weak.ID) {
		if p := manage.ProblemOf(err); err != nil && p.Code != problem.RotationInProgress {
			t.Errorf("%s of a key that holds less: %v", what, err)
		}
	}
}

func TestAKeyEditsNothingBeyondItself(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	by := f.keyActor(t, f.op, manage.NewKey{Scopes: manager("read"), ExpiresIn: "48h", AllowedIPs: []string{"192.0.2.0/24"}})
	weak := f.mustCreate(t, by, manage.NewKey{Scopes: []string{"read"}, ExpiresIn: "1h", AllowedIPs: []string{home}})
	for name, row := range map[string]struct {
		edit  manage.KeyEdit
		code  problem.Code
		field string
	}{
		"a scope":        {manage.KeyEdit{Scopes: manage.Stated(manager("read", "write"))}, problem.ScopeWidening, "scopes"},
		"a later end":    {manage.KeyEdit{ExpiresIn: manage.Stated("49h")}, problem.InsufficientScope, "expires_at"},
		"no end":         {manage.KeyEdit{ExpiresAt: manage.Field[string]{Set: true, Null: true}}, problem.InsufficientScope, "expires_at"},
		"more addresses": {manage.KeyEdit{AllowedIPs: manage.Stated([]string{"192.0.0.0/16"})}, problem.InsufficientScope, "allowed_ips"},
		"any address":    {manage.KeyEdit{AllowedIPs: manage.Field[[]string]{Set: true, Null: true}}, problem.InsufficientScope, "allowed_ips"},
	} {
		for _, id := range []keys.ID{weak.ID, keys.ID(by.Actor.ID)} {
			t.Log(name)
			_, err := f.EditKey(t.Context(), by, id, row.edit)
			wantRefusal(t, err, row.code, row.field)
		}
	}
	up := manage.KeyEdit{ExpiresIn: manage.Stated("48h"), AllowedIPs: manage.Stated([]string{"192.0.2.0/24"})}
	if got, err := f.EditKey(t.Context(), by, weak.ID, up); err != nil || !got.ExpiresAt.Equal(start.Add(48*time.Hour)) {
		t.Errorf("up to the manager's own: %+v, %v", got, err)
	}
	down := manage.KeyEdit{Scopes: manage.Stated(manager()), ExpiresIn: manage.Stated("1h")}
	if got, err := f.EditKey(t.Context(), by, keys.ID(by.Actor.ID), down); err != nil || len(got.Scopes) != 1 {
		t.Errorf("itself, narrower: %+v, %v", got, err)
	}
}

func TestAKeyRevokesItselfAndKeysThatHoldMore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	by := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	strong := f.mustCreate(t, f.op, manage.NewKey{Scopes: []string{"all"}})
	for _, id := range []keys.ID{strong.ID, keys.ID(by.Actor.ID)} {
		got, err := f.RevokeKey(t.Context(), by, id, manage.Revocation{})
		if err != nil || got.Status != keys.Revoked {
			t.Errorf("revoke %s: %+v, %v", id, got, err)
		}
	}
	_, err := f.ShowKey(t.Context(), by, strong.ID)
	wantRefusal(t, err, problem.InvalidToken, "")
}
