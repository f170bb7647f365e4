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

// entryOf is entry for what is done to a key.
func (m *Manager) entryOf(call Call, action string, key *keys.Key) storage.AuditEntry {
	e := m.entry(call, key.Workspace, action)
	e.KeyID, e.Project = key.ID, key.Project
	return e
}
