package manage

import (
	"crypto/rand"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// entry is what every audit entry of a call has.
func (m *Manager) entry(call Call, workspace, action string) storage.AuditEntry {
	return storage.AuditEntry{
		ID:        "aud_" + strings.ToLower(rand.Text()),
		Time:      m.now(),
		Workspace: workspace,
		Actor:     call.Actor.String(),
		Action:    action,
		Client:    call.Actor.Address,
	}
}

// changesOfNew lists what a new key was made with; what is empty is left out,
// and so are secret, digest and hint.
func changesOfNew(key *keys.Key) map[string]storage.FieldChange {
	changes := map[string]storage.FieldChange{
		"name":        {To: key.Name},
		"status":      {To: key.Status},
		"kind":        {To: key.Kind},
		"environment": {To: key.Environment},
	}
	for field, text := range map[string]string{
		"description": key.Description, "project": key.Project, "owner": key.Owner,
		"profile": key.Profile, "plan": key.Plan,
	} {
		if text != "" {
			changes[field] = storage.FieldChange{To: text}
		}
	}
	if len(key.Scopes) > 0 {
		changes["scopes"] = storage.FieldChange{To: key.Scopes}
	}
	if len(key.AllowedIPs) > 0 {
		changes["allowed_ips"] = storage.FieldChange{To: key.AllowedIPs}
	}
	if len(key.Metadata) > 0 {
		changes["metadata"] = storage.FieldChange{To: key.Metadata}
	}
	if !key.ExpiresAt.IsZero() {
		changes["expires_at"] = storage.FieldChange{To: key.ExpiresAt}
	}
	return changes
}
