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
	// RevokeKey ends a key. Revoking again changes nothing and is no error.
	RevokeKey(ctx context.Context, call Call, id keys.ID, ask Revocation) (KeyView, error)
	KeyUsage(ctx context.Context, call Call, id keys.ID, query UsageQuery) (UsageView, error)

	// CreateToken makes a management token of the call's workspace, or an
	// operator's. Its secret is in the answer and nowhere else.
	CreateToken(ctx context.Context, call Call, ask NewToken) (CreatedToken, error)
	ListTokens(ctx context.Context, call Call, query TokenQuery) (Page[TokenView], error)
	DeleteToken(ctx context.Context, call Call, id string) error

	// CreateWorkspace is for operators and commands only.
	CreateWorkspace(ctx context.Context, call Call, ask NewWorkspace) (WorkspaceView, error)
	// ListWorkspaces returns every workspace that the actor may enter.
	ListWorkspaces(ctx context.Context, call Call) (Page[WorkspaceView], error)

	CreateProject(ctx context.Context, call Call, ask NewProject) (ProjectView, error)
	ListProjects(ctx context.Context, call Call) (Page[ProjectView], error)
}

// Call says who asks, and about which workspace.
type Call struct {
	Actor Actor
	// Workspace, where empty, is the one that the actor is confined to, or
	// the default one.
	Workspace string
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
