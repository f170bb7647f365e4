package storage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// AuditReader reads the audit trail.
type AuditReader interface {
	// Audit lists entries that fit the filter, newest first: by time, and those
	// of one time in the reverse order of writing. ErrNotFound says that
	// filter.Before names no entry of these places.
	Audit(ctx context.Context, filter AuditFilter) ([]AuditEntry, error)
	// AuditEnd is where the entry stands that was written last; 0: there is none.
	AuditEnd(ctx context.Context) (AuditPlace, error)
	// AuditAfter returns entries of all workspaces, at most limit, that were
	// written behind a place, in the order in which they were committed, and the
	// place of the last one; the same place where there is none.
	AuditAfter(ctx context.Context, after AuditPlace, limit int) ([]AuditEntry, AuditPlace, error)
}

// AuditPlace is where an entry stands in the order of writing. It means
// something in one store only.
type AuditPlace int64

// AuditFilter selects entries of one workspace. Zero fields don't filter.
type AuditFilter struct {
	Workspace string
	// Unplaced takes the entries of no workspace in as well: what was done to
	// operators' tokens, and what strangers tried.
	Unplaced bool
	Project  string
	KeyID    keys.ID
	Actor    string
	Action   string
	From, To time.Time // From ≤ time < To
	// Before is the ID of the last entry of the page before.
	Before string
	Limit  int
}

// AuditEntry is one change: who did what to what, when, from where and why.
type AuditEntry struct {
	ID        string
	Time      time.Time
	Workspace string
	// Project is that of the key, or that the actor is confined to; empty:
	// none.
	Project string
	Actor   string
	Action  string // "key.create", "key.revoke", …
	KeyID   keys.ID
	Target  string // what it was done to, where that is no key
	Changes map[string]FieldChange
	Reason  string
	Client  string // address of the caller; empty for commands
}

// FieldChange is a field's value before and after.
type FieldChange struct {
	From any `json:"from"`
	To   any `json:"to"`
}
