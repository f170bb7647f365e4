package manage

import "context"

// Inspector answers what operators ask beside the administration of keys.
// Manager and client.Client are one; what a Service does about errors, it does,
// too.
type Inspector interface {
	// LookUpSecret says whose a secret is, and spends and counts nothing.
	// Another workspace's is unknown, unless the actor may enter each and the
	// call names none.
	LookUpSecret(ctx context.Context, call Call, ask SecretQuery) (SecretView, error)
	// ListGates tells the gates of the configuration and their tables, and what
	// keys called in the last day that no route lists.
	ListGates(ctx context.Context, call Call) (GatesView, error)
}

var _ Inspector = (*Manager)(nil)
