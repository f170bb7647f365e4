package engine

import (
	"runtime"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestKeysWithTheSameRightsShareThem(t *testing.T) {
	t.Parallel()
	var c commons
	c.init()
	base := keys.Key{
		Status: keys.Active, Environment: keys.Live, Workspace: "acme", Project: "apollo", Profile: "gold", Plan: "pro",
		Scopes: []string{"a", "b"}, AllowedIPs: []string{"192.0.2.1"},
	}
	one := base
	one.ID, one.Owner = "key_1", "ann"
	first, err := c.of(&one)
	must(t, err)
	if same, err := c.of(&base); err != nil || same != first {
		t.Errorf("another key with the same rights has its own: %v", err)
	}
	for name, change := range map[string]func(*keys.Key){
		"status":      func(k *keys.Key) { k.Status = keys.Revoked },
		"environment": func(k *keys.Key) { k.Environment = keys.Test },
		"workspace":   func(k *keys.Key) { k.Workspace = "acm" },
		"project":     func(k *keys.Key) { k.Project = "" },
		"profile":     func(k *keys.Key) { k.Profile = "" },
		"plan":        func(k *keys.Key) { k.Plan = "free" },
		"scopes":      func(k *keys.Key) { k.Scopes = []string{"a"} },
		"two in one":  func(k *keys.Key) { k.Scopes = []string{"a b"} },
		"addresses":   func(k *keys.Key) { k.AllowedIPs = nil },
		"moved":       func(k *keys.Key) { k.Workspace, k.Project = "", "acme" },
		"a list less": func(k *keys.Key) { k.Scopes, k.AllowedIPs = nil, []string{"192.0.2.1", "192.0.2.2"} },
		"a list more": func(k *keys.Key) { k.Scopes, k.AllowedIPs = []string{"a", "b", "192.0.2.1"}, nil },
	} {
		other := base
		change(&other)
		got, err := c.of(&other)
		must(t, err)
		if got == first || !got.fits(&other) || got.fits(&base) {
			t.Errorf("%s: a key with other rights shares them: %+v", name, got.rights)
		}
	}
}

// A hash that two have in common makes neither have the other's rights.
func TestRightsAreComparedNotHashed(t *testing.T) {
	t.Parallel()
	var c commons
	c.init()
	held, err := c.of(&keys.Key{Workspace: "acme"})
	must(t, err)
	other := keys.Key{Workspace: "other"}
	c.known[c.hash(&other)] = c.known[c.hash(&keys.Key{Workspace: "acme"})]
	got, err := c.of(&other)
	must(t, err)
	if got.rights.Workspace != "other" || held.rights.Workspace != "acme" {
		t.Errorf("a key of %q has the rights of %q", "other", got.rights.Workspace)
	}
}

func TestRightsThatNoKeyHasAreForgotten(t *testing.T) {
	t.Parallel()
	var c commons
	c.init()
	held, err := c.of(&keys.Key{Workspace: "held"})
	must(t, err)
	_, err = c.of(&keys.Key{Workspace: "dropped"})
	must(t, err)
	for range 2 {
		runtime.GC()
	}
	c.sweep()
	if len(c.known) != 1 || c.known[c.hash(&keys.Key{Workspace: "held"})].Value() != held {
		t.Errorf("%d are kept, want one", len(c.known))
	}
	runtime.KeepAlive(held)
}

func TestAKeyWhoseAddressesCannotBeReadHasNoRights(t *testing.T) {
	t.Parallel()
	var c commons
	c.init()
	if got, err := c.of(&keys.Key{AllowedIPs: []string{"here"}}); err == nil {
		t.Errorf("it has %+v", got.rights)
	}
}
