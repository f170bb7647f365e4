package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
)

// Rotation asks for a key in the place of another.
type Rotation struct {
	// Grace is how long the old key goes on working; empty: as long as the
	// configuration lets it at most.
	Grace  string `json:"grace,omitempty" example:"24h" doc:"How long the old key goes on working: a duration, 0s included."`
	Reason string `json:"reason,omitempty" doc:"Kept in the audit trail."`
}

// RotateKey implements Service.
func (m *Manager) RotateKey(ctx context.Context, call Call, id keys.ID, ask Rotation) (CreatedKey, error) {
	panic("awaited")
}
