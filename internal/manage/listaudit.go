package manage

import (
	"cmp"
	"context"
	"errors"
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

// ListAudit implements Service. A key of a project sees what was done to the
// project's keys, and what the keys of the project tried. In the default
// workspace, operators and commands see what was done in none, too: to
// operators' tokens.
func (m *Manager) ListAudit(ctx context.Context, call Call, query AuditQuery) (Page[AuditView], error) {
	d, err := m.begin(ctx, call, "audit.list", "")
	if err != nil {
		return Page[AuditView]{}, err
	}
	filter, err := m.auditFilter(query)
	if err != nil {
		return Page[AuditView]{}, err
	}
	filter.Workspace = d.workspace
	filter.Unplaced = call.Actor.operates() && d.workspace == storage.DefaultWorkspace
	var out Page[AuditView]
	err = m.look(ctx, d, "list the audit trail", func(r storage.Reader, to reach) error {
		if _, err := workspaceExists(ctx, r, d.workspace); err != nil {
			return err
		}
		to.narrow(&filter.Project)
		out, err = auditPage(ctx, r, filter)
		return err
	})
	return out, err
}

func (m *Manager) auditFilter(q AuditQuery) (storage.AuditFilter, error) {
	f := storage.AuditFilter{KeyID: q.KeyID, Actor: q.Actor, Action: q.Action, Limit: cmp.Or(q.Limit, defaultPage)}
	if f.Limit < 1 || f.Limit > maxPage {
		return f, invalid("limit", "must be 1 to %d", maxPage)
	}
	for param, text := range map[string]string{"key_id": string(q.KeyID), "actor": q.Actor, "action": q.Action} {
		if err := searchText.check(param, text); err != nil {
			return f, err
		}
	}
	var err error
	if f.From, err = parsePast("from", q.From, m.now()); err != nil {
		return f, err
	}
	if f.To, err = parsePast("to", q.To, m.now()); err != nil {
		return f, err
	}
	var ok bool
	if f.Before, ok = readAuditCursor(q.Cursor); !ok {
		return f, badCursor()
	}
	return f, nil
}

// auditPage reads one entry more than the page has, to see whether there is a
// next one.
func auditPage(ctx context.Context, r storage.Reader, filter storage.AuditFilter) (Page[AuditView], error) {
	size := filter.Limit
	filter.Limit++
	entries, err := r.Audit(ctx, filter)
	if errors.Is(err, storage.ErrNotFound) {
		return Page[AuditView]{}, badCursor()
	}
	if err != nil {
		return Page[AuditView]{}, err
	}
	more := len(entries) > size
	entries = entries[:min(size, len(entries))]
	out := page(make([]AuditView, 0, len(entries)))
	for i := range entries {
		out.Data = append(out.Data, viewOfEntry(&entries[i]))
	}
	if more {
		next := auditCursor(entries[size-1].ID)
		out.NextCursor = &next
	}
	return out, nil
}

func viewOfEntry(e *storage.AuditEntry) AuditView {
	v := AuditView{
		ID: e.ID, Time: e.Time.UTC(), Workspace: e.Workspace, Actor: e.Actor, Action: e.Action, KeyID: e.KeyID,
		Target: e.Target, Changes: e.Changes, Reason: e.Reason, Client: e.Client,
	}
	if v.Changes == nil {
		v.Changes = map[string]storage.FieldChange{}
	}
	return v
}
