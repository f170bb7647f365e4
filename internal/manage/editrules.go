package manage

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
)

// editRules apply one field each, in this order: the status is judged by the
// end that the key is to have.
var editRules = []func(*keyChange, *KeyEdit) error{
	(*keyChange).editName,
	(*keyChange).editDescription,
	(*keyChange).editScopes,
	(*keyChange).editProfile,
	(*keyChange).editExpiry,
	(*keyChange).editAddresses,
	(*keyChange).editMetadata,
	(*keyChange).editStatus,
}

// checkEdit refuses what no key's edit may state.
func (m *Manager) checkEdit(e *KeyEdit) error {
	for _, field := range []struct {
		name string
		Field[any]
	}{
		{"environment", e.Environment}, {"project", e.Project}, {"kind", e.Kind}, {"workspace", e.Workspace},
	} {
		if field.Set {
			return refuse(problem.ImmutableField, field.name, "")
		}
	}
	return m.checkText(reason, "reason", e.Reason)
}

// apply makes the key what the edit says, or refuses all of it.
func (c *keyChange) apply(ctx context.Context, e *KeyEdit) error {
	if err := ifMatch(e.IfMatch, etagOf(c.was)); err != nil {
		return err
	}
	for _, edit := range editRules {
		if err := edit(c, e); err != nil {
			return err
		}
	}
	if c.key.Profile == c.was.Profile {
		return nil
	}
	return profileKnown(ctx, c.tx, c.key)
}

func (c *keyChange) editName(e *KeyEdit) error {
	if !e.Name.Set {
		return nil
	}
	c.key.Name = strings.Trim(e.Name.Value, " ")
	return c.checkName(keyName, c.key.Name)
}

func (c *keyChange) editDescription(e *KeyEdit) error {
	if !e.Description.Set {
		return nil
	}
	c.key.Description = e.Description.Value
	return c.checkText(description, "description", c.key.Description)
}

// editScopes takes scopes away. Their order means nothing. A scope that the key
// has may stay although the configuration lists it no more.
func (c *keyChange) editScopes(e *KeyEdit) error {
	if !e.Scopes.Set {
		return nil
	}
	if len(e.Scopes.Value) > maxScopes {
		return invalid("scopes", "must be at most %d", maxScopes)
	}
	scopes := e.Scopes.Value
	for i, scope := range scopes {
		switch {
		case !isScope(scope):
			return notAScope(i)
		case slices.Contains(scopes[:i], scope):
			return repeatedScope(i)
		case !slices.Contains(c.was.Scopes, scope) && !c.scopeKnown(scope):
			return c.unknownScope(scope, i)
		case !c.was.Holds(scope):
			return refuse(problem.ScopeWidening, "scopes", "")
		}
	}
	if !sameNames(scopes, c.was.Scopes) {
		c.key.Scopes = slices.Clone(scopes)
	}
	return nil
}

func (c *keyChange) editProfile(e *KeyEdit) error {
	if e.Profile.Set {
		c.key.Profile = e.Profile.Value
	}
	return nil
}

// editExpiry moves the key's end. That of a key which was replaced moves only
// towards now, so that a rotation ends as it was said.
func (c *keyChange) editExpiry(e *KeyEdit) error {
	end, stated, err := e.expiry(c.now)
	if err != nil || !stated {
		return err
	}
	if c.was.ReplacedBy != "" && (end.IsZero() || end.After(c.was.ExpiresAt)) {
		return refuse(problem.RotationInProgress, "expires_at", "The key was replaced: its end can only be brought forward.")
	}
	c.key.ExpiresAt = end
	return nil
}

// expiry reads the end that an edit states, in one of two ways; zero: never.
// Only null says never: empty text is more likely a mistake.
func (e *KeyEdit) expiry(now time.Time) (end time.Time, stated bool, err error) {
	at, in := e.ExpiresAt, e.ExpiresIn
	switch {
	case at.Set && in.Set:
		return end, false, invalid("expires_in", "can't stand beside expires_at")
	case at.Set && at.Null:
		return end, true, nil
	case at.Set && at.Value == "":
		return end, false, invalid("expires_at", "must be a time as RFC 3339 writes it, a date, or null for never")
	case in.Set && in.Value == "":
		return end, false, invalid("expires_in", "must be a duration such as 90d; expires_at null is never")
	case !at.Set && !in.Set:
		return end, false, nil
	}
	end, err = expiry(at.Value, in.Value, now)
	return end, true, err
}

func (c *keyChange) editAddresses(e *KeyEdit) (err error) {
	if e.AllowedIPs.Set {
		c.key.AllowedIPs, err = canonicalAddresses(e.AllowedIPs.Value)
	}
	return err
}

func (c *keyChange) editMetadata(e *KeyEdit) error {
	if !e.Metadata.Set {
		return nil
	}
	c.key.Metadata = maps.Clone(e.Metadata.Value)
	return c.checkMetadata(e.Metadata.Value)
}

// editStatus pauses a key, or undoes a pause; a revoked key comes back, if at
// all, by reactivation, which says what it does.
func (c *keyChange) editStatus(e *KeyEdit) error {
	status := e.Status.Value
	switch {
	case !e.Status.Set:
		return nil
	case status != keys.Active && status != keys.Inactive:
		return invalid("status", "must be active or inactive")
	case c.was.Status == keys.Revoked && !c.reversible:
		return refuse(problem.RevocationPermanent, "status", "")
	case c.was.Status == keys.Revoked:
		return refuse(problem.InvalidRequest, "status", "A revoked key is brought back by reactivating it, not by an edit.")
	}
	c.key.Status = status
	return c.unexpired()
}

// unexpired refuses to call a key active whose end has come: it would be
// refused all the same.
func (c *keyChange) unexpired() error {
	if c.key.Status == keys.Active && c.key.Expired(c.now) {
		return refuse(problem.KeyNotActive, "", "The key has expired: give it a later expires_at to bring it back.")
	}
	return nil
}
