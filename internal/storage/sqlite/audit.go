package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

const auditColumns = `id, time, workspace, actor, action, key_id, target, changes, reason, client`

// AppendAudit implements storage.Tx. The schema refuses to change or delete
// what was appended.
func (t *transaction) AppendAudit(ctx context.Context, e storage.AuditEntry) error {
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return fmt.Errorf("append audit entry %s: %w", e.ID, err)
	}
	err = t.exec(ctx, "INSERT INTO audit ("+auditColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, micros(e.Time), e.Workspace, e.Actor, e.Action, e.KeyID, e.Target, string(changes), e.Reason, e.Client)
	if err != nil {
		return fmt.Errorf("append audit entry %s: %w", e.ID, err)
	}
	return nil
}

// Audit implements storage.Reader, in the reverse order of writing: clocks may
// step back. An entry whose changes can't be read is shown without them, and
// reported.
func (r *reader) Audit(ctx context.Context, workspace string, limit int) ([]storage.AuditEntry, error) {
	entries, err := collect(ctx, r.session, "SELECT "+auditColumns+" FROM audit WHERE workspace = ? ORDER BY seq DESC LIMIT ?",
		[]any{workspace, max(limit, 0)}, r.scanEntry)
	if err != nil {
		return nil, fmt.Errorf("list the audit trail: %w", err)
	}
	return entries, nil
}

func (r *reader) scanEntry(row scan) (storage.AuditEntry, error) {
	var e storage.AuditEntry
	var time int64
	var changes string
	err := row(&e.ID, &time, &e.Workspace, &e.Actor, &e.Action, &e.KeyID, &e.Target, &changes, &e.Reason, &e.Client)
	if err != nil {
		return e, err
	}
	e.Time = fromMicros(time)
	if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
		e.Changes = nil
		r.onCorrupt(e.ID, &corruption{"audit entry", e.ID, err})
	}
	return e, nil
}
