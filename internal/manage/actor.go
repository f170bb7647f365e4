package manage

import (
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// ActorKind says by which right somebody acts.
type ActorKind string

// The kinds of actors. The zero kind may do nothing.
const (
	ActorCommand  ActorKind = "command"  // a user of this machine, by its store
	ActorOperator ActorKind = "operator" // a token for all workspaces
	ActorToken    ActorKind = "token"    // a token of one workspace
	ActorKey      ActorKind = "key"      // an API key
)

// Actor is who asks: it bounds what may be done, and is named in the audit
// trail.
type Actor struct {
	Kind      ActorKind
	ID        string // of the token or key; empty for commands
	Name      string // the maker of what the actor makes
	Workspace string // that a token or key is confined to; empty for the others
	Project   string // that a key is confined to; empty: all of the workspace
	Address   string // of the client; empty for commands
}

// CommandActor is a user of this machine who runs a command.
func CommandActor(user string) Actor { return Actor{Kind: ActorCommand, Name: user} }

// String is how the audit trail names the actor: "command:root",
// "token:deploy (tok_…)".
func (a Actor) String() string {
	text := string(a.Kind) + ":" + a.Name
	if a.ID != "" {
		text += " (" + a.ID + ")"
	}
	return text
}

// operates reports whether the actor may enter every workspace.
func (a Actor) operates() bool {
	return a.Kind == ActorCommand || a.Kind == ActorOperator
}

// confined reports whether the actor is one that may enter its own workspace
// alone.
func (a Actor) confined() bool {
	return a.Workspace != "" && (a.Kind == ActorToken || a.Kind == ActorKey && a.ID != "")
}

// workspace is the one that a call is about, or the refusal to let its actor
// in.
func (c Call) workspace() (string, error) {
	switch {
	case c.Actor.operates():
		if c.Workspace == "" {
			return storage.DefaultWorkspace, nil
		}
		return c.Workspace, nil
	case c.Actor.confined():
		if c.Workspace != "" && c.Workspace != c.Actor.Workspace {
			return "", refuse(problem.WorkspaceMismatch, "workspace", "This credential belongs to another workspace.")
		}
		return c.Actor.Workspace, nil
	}
	return "", refuse(problem.NotPermitted, "", "")
}

// operator refuses whoever is confined to one workspace.
func (c Call) operator() error {
	if c.Actor.operates() {
		return nil
	}
	return refuse(problem.NotPermitted, "", "")
}
