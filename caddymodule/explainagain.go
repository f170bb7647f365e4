package caddymodule

import (
	"context"
	"strings"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// What can't be decided again as it was.
const (
	gateGone     = "There is no such gate any more, so this can't be decided again."
	secretGone   = "What stood in the key's place is not kept, so this can't be decided again. Ask about a key that you know, with METHOD and PATH."
	pathGone     = "Parts of the path that may be names or secrets are not kept: it is decided with {} in their place, which may meet another route."
	projectGone  = "Which project the request spoke of is not kept, since it isn't registered in the key's workspace: it is taken as one that is registered nowhere."
	unregistered = "not-registered"
)

// explainAgain tells what was decided then, and what would be now.
func (v *verifier) explainAgain(ctx context.Context, workspace string, then *storage.Denial) (manage.Explained, error) {
	out, err := v.decideAgain(ctx, workspace, then)
	out.Recorded = recordedOf(then)
	return out, err
}

// decideAgain rehearses the request as far as it is known.
func (v *verifier) decideAgain(ctx context.Context, workspace string, then *storage.Denial) (manage.Explained, error) {
	without := func(note string) (manage.Explained, error) {
		return manage.Explained{KeyID: then.KeyID, Steps: []manage.ExplainedStep{}, Notes: []string{note}}, nil
	}
	if code := problem.Code(then.Code); then.KeyID == "" && code != problem.MissingKey && code != problem.AmbiguousPath {
		return without(secretGone)
	}
	at := titled(v.sites(), then.Gate)
	if len(at) != 1 {
		return without(gateGone)
	}
	as := &gateway.Rehearsal{KeyID: then.KeyID, Workspace: workspace, Project: then.Project}
	var notes []string
	if strings.ContainsAny(then.Path, "{…") {
		notes = append(notes, pathGone)
	}
	if then.Project == usage.OtherProject.Value() {
		as.Project, notes = unregistered, append(notes, projectGone)
	}
	about := &manage.Verification{Method: then.Method, Path: then.Path, Client: then.Client}
	out, err := v.rehearse(ctx, at[0].gate.gate, about, as)
	out.Notes = append(notes, out.Notes...)
	return out, err
}

// recordedOf is a refusal as it was noted.
func recordedOf(then *storage.Denial) *manage.RecordedDenial {
	code := problem.Code(then.Code)
	out := &manage.RecordedDenial{
		RequestID: then.RequestID, Time: then.At.UTC(), Gate: then.Gate, Method: then.Method, Path: then.Path, Route: then.Endpoint,
		Project: then.Project, KeyID: then.KeyID, Client: then.Client, Status: code.Row().Status, Outcome: then.Code,
		Steps: told(gateway.StepsTo(code, then.KeyID != "")),
	}
	details := map[string]string{"route": then.Endpoint, "key": string(then.KeyID), "project": then.Project, "address": then.Client}
	for i := range out.Steps {
		if s := &out.Steps[i]; s.Detail == "" {
			s.Detail = details[s.Step]
		}
	}
	return out
}
