package api

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keystile/keystile/internal/problem"
)

// everyCall, and everyBody where there is a body, can be refused with these.
var (
	everyCall = []problem.Code{
		problem.MissingToken, problem.InvalidToken, problem.InsufficientScope, problem.IPNotAllowed, problem.NotPermitted,
		problem.WorkspaceMismatch, problem.NotFound, problem.InvalidRequest, problem.InternalError, problem.StoreUnavailable,
		problem.StoreMoving,
	}
	everyBody = []problem.Code{problem.InvalidJSON, problem.BodyTooLarge, problem.UnsupportedMedia}
)

// codes are all that a route refuses with.
func (row *route) codes() []problem.Code {
	codes := slices.Concat(everyCall, row.refusals)
	if row.body != nil {
		codes = append(codes, everyBody...)
	}
	if row.once {
		codes = append(codes, problem.IdempotencyConflict)
	}
	return codes
}

// refusalsOf has one answer for each status, which names the codes that it
// comes with. What most calls have is described once.
func (d *document) refusalsOf(row *route) map[string]*huma.Response {
	common := byStatus(slices.Concat(everyCall, everyBody))
	answers := map[string]*huma.Response{}
	for status, codes := range byStatus(row.codes()) {
		answer := d.refused(status, codes)
		if slices.Equal(codes, common[status]) {
			name := strings.ReplaceAll(http.StatusText(status), " ", "")
			d.Components.Responses[name] = answer
			answer = &huma.Response{Ref: components + "responses/" + name}
		}
		answers[strconv.Itoa(status)] = answer
	}
	return answers
}

func byStatus(codes []problem.Code) map[int][]problem.Code {
	out := map[int][]problem.Code{}
	for _, code := range codes {
		status := code.Row().Status
		out[status] = append(out[status], code)
	}
	return out
}

func (d *document) refused(status int, codes []problem.Code) *huma.Response {
	lines := make([]string, len(codes))
	for i, code := range codes {
		lines[i] = "`" + string(code) + "`: " + code.Row().Title + "."
	}
	out := &huma.Response{
		Description: strings.Join(lines, " "), Headers: map[string]*huma.Header{},
		Content: map[string]*huma.MediaType{mediaJSON: {Schema: d.refusal}, mediaProblem: {Schema: d.details}},
	}
	if status == http.StatusUnauthorized || slices.Contains(codes, problem.InsufficientScope) {
		out.Headers["WWW-Authenticate"] = textHeader("As RFC 6750 section 3 has it.")
	}
	if status == http.StatusServiceUnavailable {
		out.Headers["Retry-After"] = &huma.Header{Description: "Seconds.", Schema: &huma.Schema{Type: huma.TypeInteger}}
	}
	return out
}

// Refusal is the body of every answer that is none of success.
type Refusal struct {
	Error RefusalBody `json:"error"`
}

// RefusalBody says what is wrong, for programs and for people.
type RefusalBody struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Message string `json:"message"`
	RefusalMembers
}

// RefusalDetails is the same as RFC 9457 has it.
type RefusalDetails struct {
	Type      string `json:"type" doc:"The address of the code's documentation."`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	ErrorType string `json:"error_type"`
	Code      string `json:"code"`
	RefusalMembers
}

// RefusalMembers are what both have.
type RefusalMembers struct {
	Param          string   `json:"param,omitempty" doc:"The field, parameter or header that is wrong."`
	RequiredScopes []string `json:"required_scopes,omitempty" nullable:"false"`
	MissingScopes  []string `json:"missing_scopes,omitempty" nullable:"false"`
	RequestID      string   `json:"request_id,omitempty"`
	DocURL         string   `json:"doc_url"`
}

// describeRefusals lists every type and code that the management API has.
func (d *document) describeRefusals() {
	d.refusal = d.registry.Schema(reflect.TypeFor[Refusal](), true, "")
	d.details = d.registry.Schema(reflect.TypeFor[RefusalDetails](), true, "")
	var codes, types []any
	for _, row := range problem.All() {
		if row.Parts&problem.Management == 0 {
			continue
		}
		codes = append(codes, string(row.Code))
		if !slices.Contains(types, any(string(row.Type))) {
			types = append(types, string(row.Type))
		}
	}
	all := d.registry.Map()
	all["RefusalBody"].Properties["code"].Enum = codes
	all["RefusalBody"].Properties["type"].Enum = types
	all["RefusalDetails"].Properties["code"].Enum = codes
	all["RefusalDetails"].Properties["error_type"].Enum = types
}
