package manage

import (
	"context"
	"errors"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Verification asks what a gate would say to a request with a key.
type Verification struct {
	Key    string   `json:"key" doc:"The whole secret that a client presented. It is neither kept nor repeated."`
	Host   string   `json:"host,omitempty" example:"api.example.com" doc:"The gate whose routes judge path; needed where there are several. With a port where that tells them apart: api.example.com:8443."`
	Gate   string   `json:"gate,omitempty" example:":443 api.example.com" doc:"In the place of host, the gate itself: its place, as GET /v1/gates has it."`
	Method string   `json:"method,omitempty" example:"GET" doc:"GET unless stated."`
	Path   string   `json:"path,omitempty" example:"/v1/projects" doc:"Without: no route is asked."`
	Scopes []string `json:"scopes,omitempty" doc:"What the key must hold besides."`
	Client string   `json:"client,omitempty" example:"192.0.2.7" doc:"The client's address; a key that is bound to addresses is refused without."`
	Cost   *int     `json:"cost,omitempty" doc:"What the call takes from each limit; the route's, or 1, unless stated."`
}

// Verified is the conclusion. A refusal is one, too: valid is false then, and
// code says why.
type Verified struct {
	Valid         bool             `json:"valid"`
	Code          string           `json:"code" doc:"allowed, or the code of the refusal."`
	Message       string           `json:"message" doc:"For people; empty where valid."`
	KeyID         keys.ID          `json:"key_id" doc:"Empty where the key is not known here."`
	Workspace     string           `json:"workspace"`
	Project       string           `json:"project" doc:"The key's; where valid, the route's comes before it."`
	Environment   keys.Environment `json:"environment"`
	Scopes        []string         `json:"scopes" nullable:"false"`
	Profile       string           `json:"profile"`
	Owner         string           `json:"owner"`
	MissingScopes []string         `json:"missing_scopes,omitempty" nullable:"false"`
	RetryAfter    int64            `json:"retry_after,omitempty" doc:"Seconds, where a limit or an outage refuses."`
	RateLimit     []VerifiedLimit  `json:"ratelimit" nullable:"false" doc:"Each limit that was asked; none: nothing is limited, or it didn't come to that."`
}

// VerifiedLimit is where a limit stands after the decision.
type VerifiedLimit struct {
	Name      string `json:"name"`
	Limit     int64  `json:"limit" doc:"The bucket's size."`
	Remaining int64  `json:"remaining" doc:"Calls of cost 1 that would pass now."`
	Reset     int64  `json:"reset" doc:"When the bucket is full again, in Unix seconds."`
}

// VerifyKey decides about a presented key of the call's workspace as a gate
// would, and spends and counts as it does. It is for programs that have no
// proxy, with a management token: an API key may not ask.
func (m *Manager) VerifyKey(ctx context.Context, call Call, ask Verification) (Verified, error) {
	d, err := m.govern(ctx, call, "key.verify")
	if err != nil {
		return Verified{}, err
	}
	err = m.look(ctx, d, "verify key", func(r storage.Reader, _ reach) error {
		_, err := workspaceExists(ctx, r, d.workspace)
		return err
	})
	if err != nil {
		return Verified{}, err
	}
	return m.decide(ctx, d.workspace, ask)
}

// ErrNoGates says that this process has no gates, which alone decide about keys:
// it is a command's.
var ErrNoGates = errors.New("no gate of this process decides about keys")

func withoutGates(context.Context, string, Verification) (Verified, error) {
	return Verified{}, ErrNoGates
}
