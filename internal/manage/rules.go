package manage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// What can be in a list has a bound.
const (
	maxScopes       = 100
	maxScopeChars   = 100
	maxAddresses    = 100
	maxMetadata     = 50
	maxMetaKeyChars = 40
	maxListed       = 30 // names that a message lists
)

func (m *Manager) settleScopes(d *draft) error {
	if len(d.ask.Scopes) > maxScopes {
		return invalid("scopes", "must be at most %d", maxScopes)
	}
	for i, scope := range d.ask.Scopes {
		switch {
		case !isScope(scope):
			return notAScope(i)
		case slices.Contains(d.ask.Scopes[:i], scope):
			return repeatedScope(i)
		case !m.scopeKnown(scope):
			return m.unknownScope(scope, i)
		}
	}
	d.key.Scopes = slices.Clone(d.ask.Scopes)
	return nil
}

func isScope(text string) bool { return isWord(text, maxScopeChars) }

// notAScope refuses the text at index i of a list.
func notAScope(i int) error {
	return invalid("scopes", "must be words of at most %d characters without spaces; number %d is not", maxScopeChars, i+1)
}

// repeatedScope refuses the scope at index i of a list: more likely another one
// was meant.
func repeatedScope(i int) error {
	return invalid("scopes", "must not repeat one; number %d does", i+1)
}

// unlike repeats a name that isn't there, unless it could be a secret.
func unlike(name string) string {
	if !keys.Harmless(name) {
		return ""
	}
	return fmt.Sprintf("; %q is not", name)
}

// unknownScope refuses the scope at index i of a list.
func (m *Manager) unknownScope(scope string, i int) error {
	return invalid("scopes", "must be of the configuration; %s is not; known are: %s, %s, %s",
		named(scope, i), keys.ScopeAll, keys.ScopeManageKeys, known(m.catalogue.Scopes))
}

// scopeKnown takes any scope where there is no catalogue.
func (m *Manager) scopeKnown(scope string) bool {
	return len(m.catalogue.Scopes) == 0 || scope == keys.ScopeAll || scope == keys.ScopeManageKeys ||
		has(m.catalogue.Scopes, scope)
}

// known lists the names of a catalogue, as many as a message can hold.
func known[V any](catalogue map[string]V) string {
	names := slices.Sorted(maps.Keys(catalogue))
	if len(names) == 0 {
		return "none"
	}
	if len(names) > maxListed {
		names = append(names[:maxListed], "…")
	}
	return strings.Join(names, ", ")
}

func (m *Manager) settleAddresses(d *draft) (err error) {
	d.key.AllowedIPs, err = canonicalAddresses(d.ask.AllowedIPs)
	return err
}

// canonicalAddresses keeps addresses and blocks in the one spelling that a
// look-up compares: no host bits, and IPv4 where IPv6 only wraps it.
func canonicalAddresses(texts []string) (addresses []string, err error) {
	if len(texts) > maxAddresses {
		return nil, invalid("allowed_ips", "must be at most %d", maxAddresses)
	}
	for i, text := range texts {
		address, err := keys.CanonicalNet(text)
		if err != nil {
			return nil, invalid("allowed_ips", "must be addresses or CIDR blocks, such as 192.0.2.7 or 10.0.0.0/8; number %d is not", i+1)
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func (m *Manager) settleMetadata(d *draft) error {
	d.key.Metadata = maps.Clone(d.ask.Metadata)
	return m.checkMetadata(d.ask.Metadata)
}

func (m *Manager) checkMetadata(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return invalid("metadata", "must have at most %d entries", maxMetadata)
	}
	for name, value := range metadata {
		if !isWord(name, maxMetaKeyChars) {
			return invalid("metadata", "must have names of 1 to %d characters without spaces", maxMetaKeyChars)
		}
		if metaValue.check("metadata", value) != nil {
			return invalid("metadata", "must have values of at most %d characters, none of them control characters", metaValue.max)
		}
		if err := m.noSecret("metadata", name+" "+value); err != nil {
			return err
		}
	}
	return nil
}

// expiry settles when something ends, from one of two ways to say it; neither
// is the zero time: never.
func expiry(at, in string, now time.Time) (time.Time, error) {
	var end time.Time
	switch {
	case at != "" && in != "":
		return end, invalid("expires_in", "can't stand beside expires_at")
	case at != "":
		t, ok := parseInstant(at)
		if !ok {
			return end, invalid("expires_at", "must be a time as RFC 3339 writes it, such as 2026-11-30T12:00:00Z, or a date")
		}
		if !t.After(now) || t.Sub(now) > longest {
			return end, invalid("expires_at", "must be in the future, by at most 36500d")
		}
		return t, nil
	case in != "":
		d, err := ParseDuration(in)
		if err != nil || d == 0 {
			return end, invalid("expires_in", "must be a duration such as 90d, 12h, 30m or 45s")
		}
		return now.Add(d), nil
	}
	return end, nil
}
