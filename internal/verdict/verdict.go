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
	// Code is why the request is refused; of an admitted one, empty.
	Code problem.Code
	// Principal is whose key it was; nil where none was found or needed.
	Principal *Principal
	// Project is the one that the route speaks of, if any.
	Project string
	// Limits is the limiter's answer, where it was asked.
	Limits limit.Decision
	// RetryAfter is set for 429 and 503.
	RetryAfter time.Duration

	admitted bool
}

// Admit lets a request through.
func Admit(p *Principal) Verdict { return Verdict{Principal: p, admitted: true} }

// Deny refuses a request.
func Deny(code problem.Code) Verdict { return Verdict{Code: code} }

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
