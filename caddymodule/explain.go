package caddymodule

import (
	"context"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/manage"
)

// explain implements what manage.Config asks for, by the gates that decide for
// programs without a proxy, too.
func (v *verifier) explain(ctx context.Context, workspace string, ask manage.Question) (manage.Explained, error) {
	about := manage.Verification{Key: ask.Key, Host: ask.Host, Method: ask.Method, Path: ask.Path, Client: ask.Client}
	switch {
	case ask.Path == "":
		return manage.Explained{}, badVerification("path", "path is needed: what the request is for.")
	case ask.Key != "" && ask.KeyID != "":
		return manage.Explained{}, badVerification("key_id", "key and key_id can't both be given: they say the same.")
	}
	gate, err := v.gateFor(&about)
	if err != nil {
		return manage.Explained{}, err
	}
	c, err := rehearsal(ctx, workspace, &about, ask)
	if err != nil {
		return manage.Explained{}, err
	}
	steps := v.app.explain(gate, c)
	return explained(gate, c, steps), nil
}

// rehearsal makes the call that the request would be.
func rehearsal(ctx context.Context, workspace string, about *manage.Verification, ask manage.Question) (*gateway.Call, error) {
	r, err := requestOf(ctx, about)
	if err != nil {
		return nil, err
	}
	c := &gateway.Call{Rehearsal: &gateway.Rehearsal{KeyID: ask.KeyID, Secret: ask.Key, Workspace: workspace}}
	if c.Client, err = clientAsked(ask.Client); err != nil {
		return nil, err
	}
	c.Request = withReplacer(r)
	return c, nil
}

// withReplacer is a request with placeholders, as a server would make it.
func withReplacer(r *http.Request) *http.Request {
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, nil)
}

// explained is what the caller is told of a rehearsal.
func explained(gate *gateway.Gate, c *gateway.Call, steps []gateway.Step) manage.Explained {
	out := manage.Explained{Outcome: c.Outcome(), Steps: make([]manage.ExplainedStep, 0, len(steps))}
	if !c.Verdict.Admitted() {
		out.Message = gate.Problem(c).Text()
	}
	if c.Entry != nil {
		out.KeyID = c.Entry.Principal.ID
	}
	for _, s := range steps {
		out.Steps = append(out.Steps, manage.ExplainedStep{Step: s.Name, Passed: s.Code == "", Code: string(s.Code), Detail: s.Detail})
	}
	return out
}
