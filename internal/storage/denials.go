package storage

import (
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// How many denials a store keeps: of each key, and of all requests together
// that no key is known of.
const (
	KeyDenialsKept      = 100
	StrangerDenialsKept = 5000
)

// Denial is one request that a gate refused. It is found by the ID that the
// caller was told.
type Denial struct {
	RequestID string
	KeyID     keys.ID // empty: no key is known of it
	At        time.Time
	Gate      string // its place
	Method    string
	Endpoint  string // as in UsageCell
	// Path is the request's, without what may be an ID or a secret.
	Path    string
	Project string // as in UsageCell
	Code    string // of the refusal
	Client  string // address; empty where it could not be read
}
