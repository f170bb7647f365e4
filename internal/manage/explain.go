package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Question asks how a gate comes to its decision about a request.
type Question struct {
	RequestID string  `json:"request_id,omitempty" doc:"In the place of all else: the request_id of a refusal, as its caller was told."`
	Key       string  `json:"key,omitempty" doc:"The whole secret that the request carries. It is neither kept nor repeated."`
	KeyID     keys.ID `json:"key_id,omitempty" doc:"In its place, the ID of the key; with neither, the request carries none."`
	Host      string  `json:"host,omitempty" example:"api.example.com" doc:"The gate whose routes judge path; needed where there are several. With a port where that tells them apart: api.example.com:8443."`
	Gate      string  `json:"gate,omitempty" example:":443 api.example.com" doc:"In the place of host, the gate itself: its place, as GET /v1/gates has it."`
	Method    string  `json:"method,omitempty" example:"GET" doc:"GET unless stated."`
	Path      string  `json:"path,omitempty" example:"/v1/projects" doc:"As the gate would see it, behind handle_path and rewrites; needed, unless request_id is stated."`
	Client    string  `json:"client,omitempty" example:"192.0.2.7" doc:"The client's address; a key that is bound to addresses is refused without."`
}

// Explained is the decision, and how it came about.
type Explained struct {
	Outcome  string          `json:"outcome" doc:"allowed, or the code of the refusal; empty where a past request can't be decided again. A gate under mode observe lets the request through all the same."`
	Message  string          `json:"message" doc:"What the caller would read; empty where allowed."`
	KeyID    keys.ID         `json:"key_id" doc:"Empty where no key is known."`
	Steps    []ExplainedStep `json:"steps" nullable:"false" doc:"In their order, down to the one that settles it."`
	Notes    []string        `json:"notes" nullable:"false" doc:"What isn't known of this decision, for people; mostly none."`
	Recorded *RecordedDenial `json:"recorded,omitempty" doc:"With request_id: what was decided then. All else is what would be now."`
}

// RecordedDenial is a refusal as it was noted.
type RecordedDenial struct {
	RequestID string          `json:"request_id"`
	Time      time.Time       `json:"time"`
	Gate      string          `json:"gate" doc:"Its place."`
	Method    string          `json:"method"`
	Path      string          `json:"path" doc:"{} stands for a segment that may be an ID or a secret, and is not kept."`
	Route     string          `json:"route" doc:"Methods and pattern, as in the route; default: none lists it."`
	Project   string          `json:"project" doc:"The request's; empty: it spoke of none. (other): it is not registered in the key's workspace."`
	KeyID     keys.ID         `json:"key_id" doc:"Empty where no key is known."`
	Client    string          `json:"client" doc:"The client's address."`
	Status    int             `json:"status"`
	Outcome   string          `json:"outcome" doc:"The code of the refusal."`
	Steps     []ExplainedStep `json:"steps" nullable:"false" doc:"As far as the code tells them."`
}

// ExplainedStep is one demand of the decision.
type ExplainedStep struct {
	Step   string `json:"step" example:"scopes"`
	Passed bool   `json:"passed"`
	Code   string `json:"code" doc:"Why it didn't pass; else empty."`
	Detail string `json:"detail" doc:"What was looked at, for people; it may be empty."`
}

// ExplainRequest implements Service. An API key may not ask.
func (m *Manager) ExplainRequest(ctx context.Context, call Call, ask Question) (Explained, error) {
	d, err := m.govern(ctx, call, "key.explain")
	if err != nil {
		return Explained{}, err
	}
	err = m.look(ctx, d, "explain a request", func(r storage.Reader, _ reach) error {
		_, err := workspaceExists(ctx, r, d.workspace)
		return err
	})
	if err != nil {
		return Explained{}, err
	}
	if ask.RequestID != "" {
		return m.explainDenial(ctx, call, d, ask)
	}
	return m.explain(ctx, d.workspace, ask, nil)
}

func explainWithoutGates(context.Context, string, Question, *storage.Denial) (Explained, error) {
	return Explained{}, ErrNoGates
}
