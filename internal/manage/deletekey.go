package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
)

// DeleteKey implements Service.
func (m *Manager) DeleteKey(ctx context.Context, call Call, id keys.ID) error {
	panic("awaited")
}
