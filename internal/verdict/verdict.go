// Package verdict holds what the gate concluded about a request, and the pure
// rules that conclude it.
package verdict

import (
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
)

// Verdict is the conclusion on one request. The zero Verdict refuses.
type Verdict struct {
	// Refusal says why the request is refused; of an admitted one, nothing.
	Refusal
	// Limits is the limiter's answer, where it was asked.
	Limits limit.Decision

	admitted bool
}

// Refusal is why a request is refused. The zero Refusal refuses nothing.
type Refusal struct {
	Code problem.Code
	// RetryAfter is set for 429 and 503.
	RetryAfter time.Duration
}

// Deny refuses a request.
func Deny(code problem.Code) Refusal { return Refusal{Code: code} }

// Conclude lets a request through that nothing refuses.
func (v *Verdict) Conclude(r Refusal) { v.Refusal, v.admitted = r, r.Code == "" }

// Admitted reports whether the request goes to the upstream.
func (v *Verdict) Admitted() bool { return v.admitted && v.Code == "" }

// Outcome names the verdict in logs and metrics: "allowed", or the code.
func (v *Verdict) Outcome() string {
	switch {
	case v.Admitted():
		return "allowed"
	case v.Code == "":
		return string(problem.InternalError)
	}
	return string(v.Code)
}
