// Package events tells what happened to whoever has a handler for it: beside
// the requests, in order, and bounded. What an event is, an operator can act on;
// what happens to each request is for logs and metrics.
package events

import "context"

// Name is what handlers bind to.
type Name string

// The names.
const (
	KeyCreated         Name = "keystile.key.created"
	KeyEdited          Name = "keystile.key.edited"
	KeyRotated         Name = "keystile.key.rotated"
	KeyRevoked         Name = "keystile.key.revoked"
	KeyReactivated     Name = "keystile.key.reactivated"
	KeyDeleted         Name = "keystile.key.deleted"
	KeyExpiring        Name = "keystile.key.expiring"
	LimitExceeded      Name = "keystile.limit.exceeded"
	StoreUnavailable   Name = "keystile.store.unavailable"
	StoreAvailable     Name = "keystile.store.available"
	LimiterUnavailable Name = "keystile.limiter.unavailable"
	LimiterAvailable   Name = "keystile.limiter.available"
)

// All lists the names in the order in which they are documented.
var All = []Name{
	KeyCreated, KeyEdited, KeyRotated, KeyRevoked, KeyReactivated, KeyDeleted, KeyExpiring,
	LimitExceeded, StoreUnavailable, StoreAvailable, LimiterUnavailable, LimiterAvailable,
}

// Event is one thing that happened. Its data hold texts and whole numbers
// under the names that the API has for them, and never a secret.
type Event struct {
	Name Name
	Data map[string]any
}

// Sink is where events go while one configuration is in force.
type Sink interface {
	// Wants reports whether anybody would hear of an event. It is cheap, and
	// may be asked concurrently; in doubt it is true.
	Wants(Name) bool
	// Emit returns once all handlers have. taken is false where the sink's
	// configuration ended before they were asked, or ctx did.
	Emit(ctx context.Context, e Event) (taken bool)
}
