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
	// ReportRefusals adds up what gates would have refused that only observe, of
	// the call's workspace; of all, and of nobody known, where its actor may enter
	// each and it names none.
	ReportRefusals(ctx context.Context, call Call, query ReportQuery) (ReportView, error)
}

var _ Inspector = (*Manager)(nil)
