package usage

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/storage"
)

// successors is the name space of the incarnations that take another's place.
var successors = uuid.MustParse("9689f447-b800-4772-bbbb-dabd2ebd0420")

// reborn returns the batch as the first of a new incarnation, for a store that
// calls it out of order: one that was put back to an earlier state, so that
// batches which it once acknowledged are gone. The batch itself is not in such
// a store, or its sequence would have been known; so it may be counted under
// another name. That name follows from the batch: whoever comes to this point
// with the same batch, now or after a crash, gives it the same one, and the
// store still counts it once.
func reborn(b storage.UsageBatch) storage.UsageBatch {
	name := fmt.Sprintf("%s/%d", b.Incarnation, b.Sequence)
	b.Incarnation = uuid.NewSHA1(successors, []byte(name)).String()
	b.Sequence = 1
	return b
}
