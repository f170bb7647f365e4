package usage

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Requests that are refused are noted one by one, so that the ID that a caller
// was told finds them again: the first few of each key, and of each client where
// no key is known, from one sweep to the next.
const (
	denialsPerOne      = 5
	denialsOfKeys      = 200  // of all keys together
	denialsOfStrangers = 50   // of all requests together that no key is known of
	maxDenials         = 1000 // that wait for the store
	// denialSlots bounds the memory for who was refused how often. Who shares a
	// slot shares its few.
	denialSlots = 1024
)

// Denial is one request that was refused.
type Denial struct {
	Event
	RequestID string
	KeyID     keys.ID // empty: none is known
	Gate      Label
	Path      string // as it stood in the request
}

// Denials notes them.
type Denials struct {
	seed            maphash.Seed
	one             [denialSlots]atomic.Int32
	keys, strangers atomic.Int32 // how many, since the sweep

	mu    sync.Mutex
	noted []storage.Denial
}

// Denials notes into the recorder.
func (r *Recorder) Denials() *Denials { return &r.denials }

// whom tells apart who may be noted so often.
type whom struct {
	key    keys.ID
	client netip.Prefix
}

// Reserve reports whether one more may be noted. It is cheap where not: floods
// are refused, too.
func (d *Denials) Reserve(key keys.ID, client netip.Addr) bool {
	who, all, most := whom{key: key}, &d.keys, int32(denialsOfKeys)
	if key == "" {
		who.client, all, most = keys.ClientBlock(client), &d.strangers, denialsOfStrangers
	}
	one := &d.one[maphash.Comparable(d.seed, who)%denialSlots]
	if all.Load() >= most || one.Load() >= denialsPerOne {
		return false
	}
	return one.Add(1) <= denialsPerOne && all.Add(1) <= most
}

// Note notes one that was reserved. It keeps no part of the path that may be
// an ID or a secret.
func (d *Denials) Note(one *Denial) {
	noted := storage.Denial{
		RequestID: one.RequestID, KeyID: one.KeyID, At: one.At.UTC(), Gate: textOf(one.Gate), Method: one.Method,
		Endpoint: textOf(one.Endpoint), Path: Outline(one.Path), Project: textOf(one.Project), Code: string(one.Denied),
	}
	if one.Client.IsValid() {
		noted.Client = one.Client.String()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noted = append(d.noted, noted)
}

// sweep moves what was noted into the ledger, whose lock the caller holds. What
// is too much while the store is away is dropped.
func (d *Denials) sweep(l *ledger) {
	d.mu.Lock()
	noted := d.noted
	d.noted = nil
	d.mu.Unlock()
	if len(noted) == 0 && d.keys.Load() == 0 && d.strangers.Load() == 0 {
		return
	}
	for i := range d.one {
		d.one[i].Store(0)
	}
	d.keys.Store(0)
	d.strangers.Store(0)
	l.denials = append(l.denials, noted[:min(len(noted), maxDenials-len(l.denials))]...)
}
