package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
)

// ReactivateKey implements Service.
func (m *Manager) ReactivateKey(ctx context.Context, call Call, id keys.ID) (KeyView, error) {
	panic("awaited")
}
