package sqlcore

import (
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

// CorruptionError is a row that can't mean what it should. Whoever reads it
// could not tell; it is never read as a row with other rights.
type CorruptionError struct {
	What, ID string
	Err      error
}

// Error implements error.
func (c *CorruptionError) Error() string {
	return fmt.Sprintf("%s %s is damaged: %v", c.What, c.ID, c.Err)
}

// Is makes it the contract's.
func (c *CorruptionError) Is(target error) bool { return target == storage.ErrDamaged }

// Unwrap returns what is wrong with the row.
func (c *CorruptionError) Unwrap() error { return c.Err }
