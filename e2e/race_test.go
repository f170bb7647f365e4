package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// followWithin is how soon a change that another process makes is in force.
const followWithin = 500 * time.Millisecond

// soon polls until a key's requests are answered with a code.
func (g *gate) soon(k key, target, code string) {
	g.t.Helper()
	eventually(g.t, followWithin, target+" answers "+code, func() bool {
		got := g.get(target, k.bearer())
		return got.code() == code && (code != "" || got.status == http.StatusOK)
	})
}

func TestRevokedKeyIsRefusedSoonAfterTheCommand(t *testing.T) {
	t.Parallel()
	t.Run("RACE-02 revocation by the command", revokeByCommand)
}

func revokeByCommand(t *testing.T) {
	g := setup(t, options{})
	k := g.key()
	g.soon(k, "/", "")
	g.must(nil, "keys", "revoke", k.ID)
	g.soon(k, "/", "revoked_key")
	g.upstream.seen()
	for range 20 { // and stays so
		if got := g.get("/", k.bearer()); got.code() != "revoked_key" {
			t.Fatalf("answered %v after the revocation was seen", got)
		}
	}
	g.upstream.untouched(t)
}

func TestNarrowedRightsAreInForceSoon(t *testing.T) {
	t.Parallel()
	g := setup(t, options{
		app:    "plan small {\n rate_limit live 1/d\n}\nplan large {\n rate_limit live 100000/d\n}\ndefault_plan large",
		policy: "default allow\nroute GET /projects/{name} {\n project {name}\n}",
	})
	g.must(nil, "workspaces", "create", "elsewhere")

	t.Run("RACE-03 address list", func(t *testing.T) {
		k := g.key()
		g.soon(k, "/", "")
		g.edit(k.ID, func(k *keys.Key) { k.AllowedIPs = []string{"192.0.2.0/24"} })
		g.soon(k, "/", "ip_not_allowed")
	})
	t.Run("RACE-03 plan", func(t *testing.T) {
		k := g.key()
		g.soon(k, "/", "")
		g.edit(k.ID, func(k *keys.Key) { k.Plan = "small" })
		g.soon(k, "/", "rate_limited")
	})
	t.Run("RACE-03 project under another workspace", func(t *testing.T) {
		k := g.key()
		g.soon(k, "/projects/atlas", "")
		g.must(nil, "projects", "create", "atlas", "--workspace", "elsewhere")
		g.soon(k, "/projects/atlas", "workspace_mismatch")
	})
	t.Run("RACE-03 scopes and status", func(t *testing.T) {
		k := g.key()
		g.soon(k, "/", "")
		g.edit(k.ID, func(k *keys.Key) { k.Status = keys.Inactive })
		g.soon(k, "/", "inactive_key")
		g.edit(k.ID, func(k *keys.Key) { k.Status = keys.Active })
		g.soon(k, "/", "")
	})
}

func TestPlanMadeSmallerIsInForceOnceReloaded(t *testing.T) {
	t.Parallel()
	t.Run("RACE-03 smaller plan", shrinkPlan)
}

func shrinkPlan(t *testing.T) {
	g := setup(t, options{app: "plan free {\n rate_limit live 100000/d\n}\ndefault_plan free"})
	k := g.key()
	for range 5 {
		if got := g.get("/", k.bearer()); got.status != http.StatusOK {
			t.Fatalf("answered %v", got)
		}
	}
	g.options.app = "plan free {\n rate_limit live 2/d\n}\ndefault_plan free"
	g.reload(g.caddyfile())
	g.upstream.seen()
	allowed := 0
	for range 5 {
		if got := g.get("/", k.bearer()); got.status == http.StatusOK {
			allowed++
		} else if got.code() != "rate_limited" {
			t.Fatalf("answered %v", got)
		}
	}
	if allowed > 2 {
		t.Errorf("%d requests allowed under 2/d", allowed)
	}
}

func TestKeyExpiresAtItsInstantThoughItIsInMemory(t *testing.T) {
	t.Parallel()
	t.Run("RACE-04 key that expires while it is in memory", expireInMemory)
}

func expireInMemory(t *testing.T) {
	g := setup(t, options{app: "max_staleness 10s"})
	k := g.key("--expires", "3s")
	asked := g.asksStore(func() {
		var lastAllowed, firstRefused time.Time
		eventually(t, 6*time.Second, "the key expires", func() bool {
			before := time.Now()
			got := g.get("/", k.bearer())
			switch {
			case got.status == http.StatusOK:
				lastAllowed = before
				return false
			case got.code() == "expired_key":
				firstRefused = time.Now()
				return true
			}
			t.Fatalf("answered %v", got)
			return false
		})
		if lastAllowed.After(k.ExpiresAt) || firstRefused.Before(k.ExpiresAt) {
			t.Errorf("allowed until %v and refused from %v, want the change at %v", lastAllowed, firstRefused, k.ExpiresAt)
		}
	})
	if asked > 2 {
		t.Errorf("the store was asked %d times: the key was not in memory", asked)
	}
}

func TestUnknownKeyWorksSoonAfterItIsMade(t *testing.T) {
	t.Parallel()
	t.Run("RACE-06 key that was asked for before it was made", makeAfterAsking)
}

func makeAfterAsking(t *testing.T) {
	g := setup(t, options{})
	future := key{Secret: drawSecret(keys.Live)}
	asked := g.asksStore(func() {
		for range 10 {
			if got := g.get("/", future.bearer()); got.code() != "unknown_key" {
				t.Fatalf("answered %v", got)
			}
		}
	})
	if asked > 2 {
		t.Errorf("the store was asked %d times: that nobody has the key was not remembered", asked)
	}
	g.plantSecret(future.Secret)
	g.soon(future, "/", "")
}
