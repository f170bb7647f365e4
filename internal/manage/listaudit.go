package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// AuditQuery selects entries. Empty fields don't filter.
type AuditQuery struct {
	KeyID    keys.ID
	Actor    string // as AuditView has it
	Action   string
	From, To string // each a time, a date, or how long ago
	Limit    int    // 1 to 1000; 0 is 100
	Cursor   string
}

// AuditView is one entry of the audit trail.
type AuditView struct {
	ID        string                         `json:"id"`
	Time      time.Time                      `json:"time"`
	Workspace string                         `json:"workspace"`
	Actor     string                         `json:"actor"`
	Action    string                         `json:"action" example:"key.revoke"`
	KeyID     keys.ID                        `json:"key_id" doc:"Empty where it was done to no key."`
	Target    string                         `json:"target" doc:"What it was done to, where that is no key."`
	Changes   map[string]storage.FieldChange `json:"changes"`
	Reason    string                         `json:"reason"`
	Client    string                         `json:"client" doc:"The caller's address; empty for commands."`
}

// ListAudit implements Service.
func (m *Manager) ListAudit(ctx context.Context, call Call, query AuditQuery) (Page[AuditView], error) {
	panic("awaited")
}
