package gateway

import (
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// Rehearsal makes a call one that is decided and isn't made: nothing is spent
// or counted.
type Rehearsal struct {
	// KeyID is whose key the request would carry; empty: what it carries.
	KeyID keys.ID
	// Secret is one that is put where the gate reads it first; empty: the request
	// stays as it is.
	Secret string
	// Workspace is the only one whose keys whoever asks may hear of; empty: any.
	Workspace string
	// Project is what the request speaks of, where its path doesn't say; empty:
	// what its route reads.
	Project string

	facts  *verdict.Facts // that the key was held against; nil: it didn't come to that
	unread bool           // whose the project is, the store couldn't tell
}

// hides reports whether a key is none of the asking program's business.
func (r *Rehearsal) hides(of *verdict.Principal) bool {
	return r != nil && r.Workspace != "" && of.Workspace != r.Workspace
}

// note keeps what a key was held against.
func (r *Rehearsal) note(facts *verdict.Facts, code problem.Code) {
	if r != nil {
		held := *facts
		r.facts, r.unread = &held, code == problem.StoreUnavailable
	}
}

// callUp finds the key that a rehearsal names, in the store: its secret, by
// which memory has it, isn't known.
func (g *Gate) callUp(c *Call) (refusal verdict.Refusal) {
	entry, found, err := g.engine.Named(c.Request.Context(), c.Rehearsal.KeyID)
	switch {
	case err != nil:
		return unavailable(problem.StoreUnavailable)
	case !found || c.Rehearsal.hides(&entry.Principal):
		return verdict.Deny(problem.UnknownKey)
	}
	c.Entry, c.label = entry, entry.Project()
	return refusal
}
