package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
)

// managed is a gate with the administration of its store, on the same node.
type managed struct {
	*fixture
	*manage.Manager
	call manage.Call
}

func setupManaged(t *testing.T, routes []*policy.Route, options ...option) *managed {
	t.Helper()
	m := &managed{fixture: setup(t, routes, options...), call: manage.Call{Actor: manage.CommandActor("ann")}}
	m.manage()
	return m
}

func (m *managed) manage() {
	m.t.Helper()
	manager, err := manage.New(manage.Config{
		Store: m.store, Format: m.format, Hasher: keys.NewHasher(nil), Reversible: true, Now: m.now,
		Catalogue: manage.Catalogue{Plans: map[string]manage.Plan{"small": {}, "large": {}}},
	})
	must(m.t, err)
	m.Manager = manager
}

func (m *managed) create(scopes ...string) manage.CreatedKey {
	m.t.Helper()
	made, err := m.CreateKey(m.t.Context(), m.call, manage.NewKey{Name: "a key", Scopes: scopes})
	must(m.t, err)
	return made
}

func (m *managed) edit(id keys.ID, edit manage.KeyEdit) {
	m.t.Helper()
	_, err := m.EditKey(m.t.Context(), m.call, id, edit)
	must(m.t, err)
}

func (m *managed) rotate(id keys.ID, grace string) manage.CreatedKey {
	m.t.Helper()
	made, err := m.RotateKey(m.t.Context(), m.call, id, manage.Rotation{Grace: grace})
	must(m.t, err)
	return made
}

// want asks once, from 192.0.2.7, and counts the call; an empty code admits.
func (m *managed) want(what string, key manage.CreatedKey, path string, code problem.Code) *gateway.Call {
	m.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+key.Secret.Reveal())
	c := &gateway.Call{Request: r, Client: netip.MustParseAddr("192.0.2.7")}
	m.gate.Decide(c)
	m.gate.Count(c, http.StatusOK)
	if c.Verdict.Code != code {
		m.t.Errorf("%s: GET %s: got %q, want %q", what, path, c.Verdict.Code, code)
	}
	return c
}

func routesByScope(t *testing.T) []*policy.Route {
	t.Helper()
	return []*policy.Route{
		{Methods: []string{http.MethodGet}, Pattern: "/read", Scopes: []string{"read"}},
		{Methods: []string{http.MethodGet}, Pattern: "/write", Scopes: []string{"write"}},
	}
}

// Each step follows a request that put the key into the gate's memory.
func TestWhatIsDoneToAKeyIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, routesByScope(t))
	key := m.create("read", "write")
	m.want("new", key, "/read", "")
	m.want("new", key, "/write", "")
	m.edit(key.ID, manage.KeyEdit{Scopes: manage.Stated([]string{"read"})})
	m.want("narrowed", key, "/write", problem.InsufficientScope)
	m.want("narrowed", key, "/read", "")
	m.edit(key.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	m.want("paused", key, "/read", problem.InactiveKey)
	_, err := m.ReactivateKey(t.Context(), m.call, key.ID)
	must(t, err)
	m.want("reactivated", key, "/read", "")
	m.edit(key.ID, manage.KeyEdit{AllowedIPs: manage.Stated([]string{"198.51.100.0/24"})})
	m.want("bound to other addresses", key, "/read", problem.IPNotAllowed)
	m.edit(key.ID, manage.KeyEdit{AllowedIPs: manage.Stated([]string{"192.0.2.0/24"})})
	m.want("bound to this address", key, "/read", "")
	_, err = m.CreateProfile(t.Context(), m.call, manage.NewProfile{Name: "strict"})
	must(t, err)
	m.edit(key.ID, manage.KeyEdit{Profile: manage.Stated("strict")})
	seen := http.Header{}
	m.want("with a profile", key, "/read", "").Entry.Tell(seen, "")
	if got := seen.Get("Keystile-Profile"); got != "strict" {
		t.Errorf("the upstream is told of the profile %q", got)
	}
	_, err = m.RevokeKey(t.Context(), m.call, key.ID, manage.Revocation{})
	must(t, err)
	m.want("revoked", key, "/read", problem.RevokedKey)
	_, err = m.ReactivateKey(t.Context(), m.call, key.ID)
	must(t, err)
	m.want("reactivated after a revocation", key, "/read", "")
	m.edit(key.ID, manage.KeyEdit{ExpiresIn: manage.Stated("1h")})
	m.offset.Add(int64(time.Hour - time.Microsecond))
	m.want("just before its end", key, "/read", "")
	m.offset.Add(int64(time.Microsecond))
	m.want("at its end", key, "/read", problem.ExpiredKey)
	m.edit(key.ID, manage.KeyEdit{ExpiresAt: manage.Field[string]{Set: true, Null: true}})
	m.want("brought back", key, "/read", "")
	must(t, m.DeleteKey(t.Context(), m.call, key.ID))
	m.want("deleted", key, "/read", problem.UnknownKey)
}

func TestARotatedKeyWorksUntilItsGraceIsOver(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, routesByScope(t))
	old := m.create("read")
	m.want("before", old, "/read", "")
	successor := m.rotate(old.ID, "1h")
	for range 2 {
		m.want("in its grace", old, "/read", "")
		m.want("the new one", successor, "/read", "")
		m.want("the new one", successor, "/write", problem.InsufficientScope)
	}
	m.offset.Add(int64(time.Hour))
	m.want("after its grace", old, "/read", problem.ExpiredKey)
	m.want("the new one", successor, "/read", "")
	at := m.rotate(successor.ID, "0s")
	m.want("without grace", successor, "/read", problem.ExpiredKey)
	m.want("the third one", at, "/read", "")
}

func TestAReplacementGoesOnWithTheBucketOfWhatItReplaces(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, nil, withLimit(keys.Live, "1/d", 3))
	old := m.create()
	m.want("the first of three", old, "/x", "")
	successor := m.rotate(old.ID, "1h")
	m.want("the second", successor, "/x", "")
	m.want("the third", old, "/x", "")
	m.want("the fourth", successor, "/x", problem.RateLimited)
	m.want("the fourth", old, "/x", problem.RateLimited)
	m.edit(old.ID, manage.KeyEdit{ExpiresIn: manage.Stated("1s")})
	m.offset.Add(int64(time.Second))
	third := m.rotate(successor.ID, "0s")
	m.want("with the third key", third, "/x", problem.RateLimited)
	m.want("with a key of its own", m.create(), "/x", "")
}

// The quota is of five calls; the node starts anew before the last ones.
func TestAReplacementTakesOverTheQuotaThatWasUsed(t *testing.T) {
	t.Parallel()
	fiveADay := func(c *gateway.Config) {
		c.Limits.Quotas = map[keys.Environment][]quota.Quota{keys.Live: {{Max: 5, Period: quota.Day}}}
	}
	m := setupManaged(t, nil, fiveADay)
	old := m.create()
	m.want("the first of five", old, "/x", "")
	m.want("the second", old, "/x", "")
	successor := m.rotate(old.ID, "1h")
	m.want("the third", successor, "/x", "")
	must(t, m.DeleteKey(t.Context(), m.call, old.ID))
	m.want("the fourth", successor, "/x", "")

	must(t, m.engine.Hurry(0))
	m.open(nil, fiveADay)
	m.manage()
	third := m.rotate(successor.ID, "1h")
	m.want("the fifth", third, "/x", "")
	m.want("the sixth", third, "/x", problem.QuotaExceeded)
	m.want("the sixth", successor, "/x", problem.QuotaExceeded)
	if used, err := m.KeyUsage(t.Context(), m.call, old.ID, manage.UsageQuery{}); err != nil || used.Total != 2 {
		t.Errorf("the usage of the deleted key: %+v, %v", used, err)
	}
}

func TestAWorkspacesNewPlanIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	two, err := limit.ParseRate("1/d", 2)
	must(t, err)
	m := setupManaged(t, nil, func(c *gateway.Config) {
		c.Limits.Known = map[string]bool{"small": true, "large": true}
		c.Limits.Plans = map[string]map[keys.Environment]*limit.Limit{"small": {keys.Live: {Name: "small", Rate: two}}}
	})
	key := m.create()
	plan := func(name string) {
		t.Helper()
		_, err := m.EditWorkspace(t.Context(), m.call, "default", manage.WorkspaceEdit{Plan: manage.Stated(name)})
		must(t, err)
	}
	for range 3 {
		m.want("without a plan", key, "/x", "")
	}
	plan("small")
	m.want("the first of two", key, "/x", "")
	m.want("the second", key, "/x", "")
	m.want("the third", key, "/x", problem.RateLimited)
	plan("large")
	m.want("with the large plan", key, "/x", "")
	plan("small")
	m.want("with the small plan again", key, "/x", problem.RateLimited)
}
