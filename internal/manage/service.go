package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
)

// Service is administration as the commands, the API and the dashboard see
// it; Manager does it on a store.
//
// Each method obeys the rules of keys and the bounds of the call's actor, and
// leaves an entry in the audit trail where it changes something. An *Error is
// an answer: the call was understood and refused, and nothing was changed.
// Any other error means that the store could not tell (see ProblemOf).
type Service interface {
	// CreateKey makes a key. Its secret is in the answer and nowhere else.
	CreateKey(ctx context.Context, call Call, ask NewKey) (CreatedKey, error)
	// ListKeys returns one page, newest first.
	ListKeys(ctx context.Context, call Call, query KeyQuery) (Page[KeyView], error)
	ShowKey(ctx context.Context, call Call, id keys.ID) (KeyView, error)
	// EditKey changes what the edit states, all of it or nothing.
	EditKey(ctx context.Context, call Call, id keys.ID, edit KeyEdit) (KeyView, error)
	// RevokeKey ends a key, and says how far that has got about. Revoking
	// again changes nothing and is no error. A wait that runs out is none
	// either: the revocation stands.
	RevokeKey(ctx context.Context, call Call, id keys.ID, ask Revocation) (RevokedKey, error)
	// ReactivateKey undoes a pause, or a revocation where these are reversible.
	ReactivateKey(ctx context.Context, call Call, id keys.ID) (KeyView, error)
	// RotateKey makes a key with the same rights. The one that it replaces
	// works until its grace is over.
	RotateKey(ctx context.Context, call Call, id keys.ID, ask Rotation) (CreatedKey, error)
	// DeleteKey removes a key for good; its audit trail and usage stay.
	DeleteKey(ctx context.Context, call Call, id keys.ID) error
	KeyUsage(ctx context.Context, call Call, id keys.ID, query UsageQuery) (UsageView, error)
	// KeyActivity returns a key's latest calls, newest first.
	KeyActivity(ctx context.Context, call Call, id keys.ID, query ActivityQuery) (ActivityView, error)

	// ExplainRequest tells how a gate would decide about a request, step by
	// step. Nothing is spent or counted. ErrNoGates: there is none here.
	ExplainRequest(ctx context.Context, call Call, ask Question) (Explained, error)

	// ListAudit returns one page of what was done in a workspace, newest first.
	ListAudit(ctx context.Context, call Call, query AuditQuery) (Page[AuditView], error)

	// CreateToken makes a management token of the call's workspace, or an
	// operator's. Its secret is in the answer and nowhere else.
	CreateToken(ctx context.Context, call Call, ask NewToken) (CreatedToken, error)
	ListTokens(ctx context.Context, call Call, query TokenQuery) (Page[TokenView], error)
	DeleteToken(ctx context.Context, call Call, id string) error

	// CreateWorkspace is for operators and commands only.
	CreateWorkspace(ctx context.Context, call Call, ask NewWorkspace) (WorkspaceView, error)
	// EditWorkspace is for operators and commands only.
	EditWorkspace(ctx context.Context, call Call, name string, edit WorkspaceEdit) (WorkspaceView, error)
	// ListWorkspaces returns every workspace that the actor may enter.
	ListWorkspaces(ctx context.Context, call Call) (Page[WorkspaceView], error)

	CreateProject(ctx context.Context, call Call, ask NewProject) (ProjectView, error)
	ListProjects(ctx context.Context, call Call) (Page[ProjectView], error)
	// DeleteProject is refused while a key that still counts names the project.
	DeleteProject(ctx context.Context, call Call, name string) error

	CreateProfile(ctx context.Context, call Call, ask NewProfile) (ProfileView, error)
	ListProfiles(ctx context.Context, call Call) (Page[ProfileView], error)
	// DeleteProfile is refused while a key names the profile.
	DeleteProfile(ctx context.Context, call Call, name string) error

	// ListPlans and ListScopes return what the configuration lists, by name.
	ListPlans(ctx context.Context, call Call) (Page[PlanView], error)
	ListScopes(ctx context.Context, call Call) (Page[ScopeView], error)
}

// Call says who asks, and about which workspace.
type Call struct {
	Actor Actor
	// Workspace, where empty, is the one that the actor is confined to, or
	// the default one.
	Workspace string
	// IdempotencyKey, where stated, makes a create or a rotation happen once,
	// however often its actor repeats it within 24 hours. The repeat answers
	// with what was made then, without its secret.
	IdempotencyKey string
}

// Page is one page of a list.
type Page[T any] struct {
	Data []T `json:"data" nullable:"false"`
	// NextCursor asks for the next page; nil where this is the last.
	NextCursor *string `json:"next_cursor" doc:"Asks for the next page; null on the last one."`
}

func page[T any](rows []T) Page[T] {
	if rows == nil {
		rows = []T{}
	}
	return Page[T]{Data: rows}
}
