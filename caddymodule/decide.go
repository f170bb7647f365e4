package caddymodule

import (
	"fmt"
	"runtime/debug"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// decide fills in the verdict of a call, whoever asks for it. A panic on the
// way there refuses this call and no other. Its value may quote the request, so
// the log has only its type and where it came from.
func (a *App) decide(gate *gateway.Gate, c *gateway.Call) {
	defer a.refusePanic(c)
	gate.Decide(c)
	took(now().Sub(c.Began()))
}

// explain is decide for a rehearsal, and tells its steps.
func (a *App) explain(gate *gateway.Gate, c *gateway.Call) []gateway.Step {
	defer a.refusePanic(c)
	return gate.Explain(c)
}

// refusePanic is deferred.
func (a *App) refusePanic(c *gateway.Call) {
	if fault := recover(); fault != nil {
		c.Verdict = verdict.Verdict{Refusal: verdict.Deny(problem.InternalError)}
		a.log.Error("deciding on a request panicked", "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
	}
}
