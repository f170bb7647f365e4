package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// ActivityQuery selects calls.
type ActivityQuery struct {
	Limit int // 1 to 100; 0 is 50
}

// ActivityView is a key's latest calls.
type ActivityView struct {
	Data []CallView `json:"data" nullable:"false"`
	// Sampled: under pressure not each call was noted, though each was counted.
	Sampled bool `json:"sampled" doc:"Whether calls between these are missing here; sums never miss one."`
}

// CallView is one call.
type CallView struct {
	Time    time.Time `json:"time"`
	Method  string    `json:"method"`
	Route   string    `json:"route" doc:"Methods and pattern, as in the route."`
	Status  int       `json:"status"`
	Outcome string    `json:"outcome" doc:"allowed, or the code of the refusal."`
	Client  string    `json:"client" doc:"The client's address."`
}

// KeyActivity implements Service.
func (m *Manager) KeyActivity(ctx context.Context, call Call, id keys.ID, query ActivityQuery) (ActivityView, error) {
	panic("awaited")
}
