package verdict

import (
	"math"
	"net/netip"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Principal is who a request speaks for: what decisions need of a key's record,
// in the form that is checked. A node holds one for each key in memory, so it
// has by itself only what is each key's own.
type Principal struct {
	*Rights
	expires int64 // microseconds since 1970, as stores keep it
	ID      keys.ID
	Lineage keys.ID
	Owner   string
}

// Rights are what many keys have in common. They don't change.
type Rights struct {
	Status      keys.Status // as stored
	Environment keys.Environment
	Scopes      []string
	Workspace   string
	Project     string // empty: all of the workspace
	Profile     string
	Plan        string
	Nets        []netip.Prefix // that it may be used from; none: any
}

// NewRights parses a key's record. An address that can't be parsed makes it an
// error: the key must not get wider by it.
func NewRights(k *keys.Key) (*Rights, error) {
	nets, err := ParseNets(k.AllowedIPs)
	if err != nil {
		return nil, err
	}
	return &Rights{
		Status: k.Status, Environment: k.Environment, Scopes: k.Scopes,
		Workspace: k.Workspace, Project: k.Project, Profile: k.Profile, Plan: k.Plan, Nets: nets,
	}, nil
}

// NewPrincipal parses a key's record, as NewRights does.
func NewPrincipal(k *keys.Key) (*Principal, error) {
	rights, err := NewRights(k)
	if err != nil {
		return nil, err
	}
	p := PrincipalOf(k, rights)
	return &p, nil
}

// PrincipalOf is the principal of a key that has these rights.
func PrincipalOf(k *keys.Key, rights *Rights) Principal {
	p := Principal{ID: k.ID, Lineage: k.Lineage, Owner: k.Owner, expires: math.MaxInt64, Rights: rights}
	if k.Lineage == k.ID {
		p.Lineage = k.ID // one text in memory, not two
	}
	if !k.ExpiresAt.IsZero() {
		p.expires = k.ExpiresAt.UnixMicro()
	}
	return p
}

// Expired reports whether the key's end has come. A key that expires at noon
// is refused at noon.
func (p *Principal) Expired(now time.Time) bool { return now.UnixMicro() >= p.expires }

// Ends is when the key's end comes; ok is false where it has none.
func (p *Principal) Ends() (at time.Time, ok bool) {
	return time.UnixMicro(p.expires).UTC(), p.expires != math.MaxInt64
}

// StatusAt is the status as everybody sees it.
func (p *Principal) StatusAt(now time.Time) keys.Status { return p.Status.Seen(p.Expired(now)) }
