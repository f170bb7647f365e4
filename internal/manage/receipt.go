package manage

import "time"

// Receipt says how far a revocation has got about.
type Receipt struct {
	Revision int64 `json:"revision" doc:"Of the change."`
	Nodes    int   `json:"nodes" doc:"Gateways that are registered; a command is none."`
	// Confirmed: every one of them enforces it, or has fenced itself by now.
	Confirmed   bool       `json:"confirmed"`
	ConfirmedAt *time.Time `json:"confirmed_at" doc:"null: not yet."`
	Pending     []string   `json:"pending,omitempty" doc:"The nodes that had not confirmed when the wait ran out."`
}

// RevokedKey is a key that was revoked, and the receipt.
type RevokedKey struct {
	KeyView
	Receipt Receipt `json:"receipt"`
}
