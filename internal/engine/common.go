package engine

import (
	"hash/maphash"
	"slices"
	"sync"
	"weak"

	"github.com/keystile/keystile/internal/identity"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/usage"
	"github.com/keystile/keystile/internal/verdict"
)

// common is what keys in memory share that have the same rights: most keys of
// a workspace, for instance.
type common struct {
	rights     verdict.Rights
	allowedIPs []string
	headers    *identity.Headers
	project    usage.Label
	// replacedAt is when a key got its replacement, in Unix seconds; 0: it has
	// none. What has it is one key's own.
	replacedAt int64
}

func newCommon(k *keys.Key) (*common, error) {
	rights, err := verdict.NewRights(k)
	if err != nil {
		return nil, err
	}
	return &common{rights: *rights, allowedIPs: k.AllowedIPs, headers: identity.HeadersOf(k), project: usage.NewLabel(k.Project)}, nil
}

// fits reports whether a key has just these rights.
func (c *common) fits(k *keys.Key) bool {
	r := &c.rights
	return r.Status == k.Status && r.Environment == k.Environment && r.Workspace == k.Workspace && r.Project == k.Project &&
		r.Profile == k.Profile && r.Plan == k.Plan && slices.Equal(r.Scopes, k.Scopes) && slices.Equal(c.allowedIPs, k.AllowedIPs)
}

// commons finds what keys share. It holds nothing that no key in memory needs.
type commons struct {
	seed  maphash.Seed
	mu    sync.Mutex
	known map[uint64]weak.Pointer[common]
}

func (c *commons) init() { c.seed, c.known = maphash.MakeSeed(), map[uint64]weak.Pointer[common]{} }

// of returns what a key shares with others, or could.
func (c *commons) of(k *keys.Key) (*common, error) {
	at := c.hash(k)
	c.mu.Lock()
	known := c.known[at].Value()
	c.mu.Unlock()
	if known != nil && known.fits(k) {
		return known, nil
	}
	made, err := newCommon(k)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[at] = weak.Make(made)
	return made, nil
}

func (c *commons) hash(k *keys.Key) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, part := range [...]string{string(k.Status), string(k.Environment), k.Workspace, k.Project, k.Profile, k.Plan} {
		_, _ = h.WriteString(part) // it never fails
		_ = h.WriteByte(0)
	}
	for _, list := range [...][]string{k.Scopes, k.AllowedIPs} {
		for _, part := range list {
			_, _ = h.WriteString(part)
			_ = h.WriteByte(0)
		}
		_ = h.WriteByte(1)
	}
	return h.Sum64()
}

// sweep forgets what no key in memory has any more.
func (c *commons) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, one := range c.known {
		if one.Value() == nil {
			delete(c.known, at)
		}
	}
}
