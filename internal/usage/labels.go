package usage

import (
	"net/http"
	"unique"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// Label is an endpoint, a project or an outcome in a form that costs nothing to
// compare, and a word of memory.
type Label = unique.Handle[string]

// NewLabel makes a label. It looks for an equal one: make labels when a
// configuration is loaded or a key is cached, not on a request's way.
func NewLabel(text string) Label { return unique.Make(text) }

// Labels for what has no name of its own.
var (
	DefaultEndpoint = NewLabel("default") // unlisted paths under `default allow`
	OtherProject    = NewLabel("(other)") // projects that aren't registered
	NoProject       = NewLabel("")
)

// textOf is a label's, and empty for none.
func textOf(l Label) string {
	if l == (Label{}) {
		return ""
	}
	return l.Value()
}

// refusals are the outcomes of all codes, made once.
type refusals struct {
	before string // each of them
	labels map[problem.Code]Label
}

var (
	refused  = newRefusals("")
	observed = newRefusals(storage.WouldBe) // where nothing is enforced
)

func newRefusals(before string) refusals {
	r := refusals{before, map[problem.Code]Label{}}
	for _, row := range problem.All() {
		r.labels[row.Code] = NewLabel(before + string(row.Code))
	}
	return r
}

func (r *refusals) of(code problem.Code) Label {
	if label, listed := r.labels[code]; listed {
		return label
	}
	return NewLabel(r.before + string(code))
}

// Outcomes of allowed calls.
var (
	aborted = NewLabel("aborted")
	// classes of statuses, by their first digit.
	classes = [...]Label{1: NewLabel("1xx"), 2: NewLabel("2xx"), 3: NewLabel("3xx"), 4: NewLabel("4xx"), 5: NewLabel("5xx")}
)

// class is the outcome of an allowed call. A status that isn't one counts as
// clients have to read it, as a 5xx (RFC 9110 section 15).
func class(status int) Label {
	switch first := status / 100; {
	case status == 0:
		return aborted
	case first >= 1 && first < len(classes):
		return classes[first]
	}
	return classes[5]
}

// methods are the usual ones, made once.
var methods = [...]Label{
	NewLabel(http.MethodGet), NewLabel(http.MethodPost), NewLabel(http.MethodPut), NewLabel(http.MethodPatch), NewLabel(http.MethodDelete),
	NewLabel(http.MethodHead), NewLabel(http.MethodOptions),
}

func methodOf(name string) Label {
	for _, usual := range methods {
		if usual.Value() == name {
			return usual
		}
	}
	return NewLabel(name)
}
