package caddymodule

import (
	"context"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

// explain implements what manage.Config asks for, by the gates that decide for
// programs without a proxy, too.
func (v *verifier) explain(ctx context.Context, workspace string, ask manage.Question, then *storage.Denial) (manage.Explained, error) {
	if then != nil {
		return v.explainAgain(ctx, workspace, then)
	}
	switch {
	case ask.Path == "":
		return manage.Explained{}, badVerification("path", "path is needed: what the request is for.")
	case ask.Key != "" && ask.KeyID != "":
		return manage.Explained{}, badVerification("key_id", "key and key_id can't both be given: they say the same.")
	}
	about := manage.Verification{Key: ask.Key, Host: ask.Host, Gate: ask.Gate, Method: ask.Method, Path: ask.Path, Client: ask.Client}
	gate, err := v.gateFor(workspace, &about)
	if err != nil {
		return manage.Explained{}, err
	}
	return v.rehearse(ctx, gate, &about, &gateway.Rehearsal{KeyID: ask.KeyID, Secret: ask.Key, Workspace: workspace})
}

// rehearse has a gate explain a request.
func (v *verifier) rehearse(ctx context.Context, gate *gateway.Gate, about *manage.Verification, as *gateway.Rehearsal) (manage.Explained, error) {
	r, err := requestOf(ctx, about)
	if err != nil {
		return manage.Explained{}, err
	}
	c := &gateway.Call{Rehearsal: as, Request: withReplacer(r)}
	if c.Client, err = clientAsked(about.Client); err != nil {
		return manage.Explained{}, err
	}
	out := explained(gate, c, v.app.explain(gate, c))
	if v.unsaid != nil {
		out.Notes = append(out.Notes, v.unsaid(c)...)
	}
	return out, nil
}

// withReplacer is a request with placeholders, as a server would make it.
func withReplacer(r *http.Request) *http.Request {
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, nil)
}

// explained is what the caller is told of a rehearsal.
func explained(gate *gateway.Gate, c *gateway.Call, steps []gateway.Step) manage.Explained {
	out := manage.Explained{Outcome: c.Outcome(), Steps: told(steps), Notes: []string{}}
	if !c.Verdict.Admitted() {
		out.Message = gate.Problem(c).Text()
	}
	if c.Entry != nil {
		out.KeyID = c.Entry.Principal.ID
	}
	return out
}

func told(steps []gateway.Step) []manage.ExplainedStep {
	out := make([]manage.ExplainedStep, 0, len(steps))
	for _, s := range steps {
		out = append(out, manage.ExplainedStep{Step: s.Name, Passed: s.Code == "", Code: string(s.Code), Detail: s.Detail})
	}
	return out
}
