package manage

import (
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// retryAfter is what a caller is told to wait for when the store can't tell.
const retryAfter = time.Second

// NoSuchPath is what the API says of a path that none of its calls has.
const NoSuchPath = "There is no such path here: all begin with /v1, and GET /v1/openapi.json lists them."

// retryMoving is what a caller is told to wait for while keys are moved to
// another store: copying them takes about that, and the operator's part more.
const retryMoving = 30 * time.Second

// Error is an answer: the call was understood, and refused. Its text doesn't
// repeat what the caller sent, which may be a secret in the wrong place: save
// for a word that is too short to be one (see named).
type Error struct {
	Problem problem.Problem
}

// Error is the sentence that the caller reads.
func (e *Error) Error() string { return e.Problem.Text() }

// ProblemOf is what err says to the caller: the refusal that it carries, or
// else that the store could not tell, without a word of why.
func ProblemOf(err error) *problem.Problem {
	if refused, ok := errors.AsType[*Error](err); ok {
		p := refused.Problem
		return &p
	}
	return &problem.Problem{Code: problem.StoreUnavailable, RetryAfter: retryAfter}
}

// refuse makes a refusal; an empty message leaves the code its own.
func refuse(code problem.Code, param, message string) error {
	return &Error{problem.Problem{Code: code, Param: param, Message: message}}
}

// invalid refuses a field. The message continues the field's name: "must have
// 3 to 100 characters".
func invalid(param, format string, args ...any) error {
	return refuse(problem.InvalidRequest, param, param+" "+fmt.Sprintf(format, args...)+".")
}

// moving refuses a change while a store is being moved, and says since when.
func moving(e *storage.MovingError) error {
	p := problem.Problem{Code: problem.StoreMoving, RetryAfter: retryMoving}
	p.Message = "Nothing can be changed at present: since " + e.Since.Format(time.RFC3339) + ", all keys are being moved to another store. " +
		"They work and can be looked at. Changes are taken again where that store is used, or once `keystile migrate --abort` has given the move up."
	return &Error{p}
}

func notFound(what string) error {
	return refuse(problem.NotFound, "", "There is no such "+what+" here.")
}
