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
	defer func() {
		if fault := recover(); fault != nil {
			c.Verdict = verdict.Deny(problem.InternalError)
			a.log.Error("deciding on a request panicked", "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		}
	}()
	began := now()
	gate.Decide(c)
	took(now().Sub(began))
}
