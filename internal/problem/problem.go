package problem

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DocsURL is where docs/errors.md is read; a code is its fragment.
const DocsURL = "https://github.com/keystile/keystile/blob/main/docs/errors.md"

// Problem is one occurrence of a code. Zero fields are left out of the body.
type Problem struct {
	Code      Code
	RequestID string
	// Message, where set, takes the place of the row's.
	Message string
	// Param names the field that a management call has wrong.
	Param string

	Method         string
	Route          string   // METHOD and pattern that the request met
	RequiredScopes []string // all of them needed
	MissingScopes  []string
	AnyOfScopes    []string // one of them needed
	RetryAfter     time.Duration
}

// RetryAfterSeconds is whole seconds, rounded up and at least 1, as RFC 9110
// section 10.2.3 writes them.
func (p *Problem) RetryAfterSeconds() int64 {
	return max(1, int64((p.RetryAfter+time.Second-1)/time.Second))
}

// Text is the sentence that the caller reads.
func (p *Problem) Text() string {
	if p.Message != "" {
		return p.Message
	}
	text := p.Code.Row().Message
	if p.Code == InsufficientScope && p.Route == "" {
		return "This key may not do this: it lacks " + p.lacking() + "."
	}
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer(
		"{method}", orElse(p.Method, "this method"),
		"{route}", p.Route,
		"{missing}", p.lacking(),
		"{retry_after}", seconds(p.RetryAfterSeconds()),
		"{param}", orElse(p.Param, "A field"),
	).Replace(text)
}

func (p *Problem) lacking() string {
	parts := make([]string, 0, 2)
	if len(p.MissingScopes) > 0 {
		parts = append(parts, strings.Join(p.MissingScopes, ", "))
	}
	if len(p.AnyOfScopes) > 0 {
		parts = append(parts, "one of "+strings.Join(p.AnyOfScopes, ", "))
	}
	return strings.Join(parts, ", and ")
}

func seconds(n int64) string {
	if n == 1 {
		return "1 second"
	}
	return strconv.FormatInt(n, 10) + " seconds"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// members are what both renderings of a problem share.
type members struct {
	RequiredScopes []string `json:"required_scopes,omitempty"`
	MissingScopes  []string `json:"missing_scopes,omitempty"`
	AnyOfScopes    []string `json:"any_of_scopes,omitempty"`
	Param          string   `json:"param,omitempty"`
	RequestID      string   `json:"request_id,omitempty"`
	DocURL         string   `json:"doc_url"`
}

func (p *Problem) members() members {
	return members{
		RequiredScopes: p.RequiredScopes, MissingScopes: p.MissingScopes, AnyOfScopes: p.AnyOfScopes,
		Param: p.Param, RequestID: p.RequestID, DocURL: DocsURL + "#" + string(p.Code),
	}
}

// JSON renders {"error":{…}}.
func (p *Problem) JSON() []byte {
	type body struct {
		Type    Type   `json:"type"`
		Code    Code   `json:"code"`
		Message string `json:"message"`
		members
	}
	return encode(struct {
		Error body `json:"error"`
	}{body{p.Code.Row().Type, p.Code, p.Text(), p.members()}})
}

// Details renders an RFC 9457 problem+json document, the other members kept.
func (p *Problem) Details() []byte {
	row := p.Code.Row()
	return encode(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		ErrorType Type   `json:"error_type"`
		Code      Code   `json:"code"`
		members
	}{DocsURL + "#" + string(p.Code), row.Title, row.Status, p.Text(), row.Type, p.Code, p.members()})
}

func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil { // strings and string slices always marshal
		panic(fmt.Sprintf("problem: %v", err))
	}
	return append(out, '\n')
}

// Challenge is the value of WWW-Authenticate as RFC 6750 section 3 has it: no
// error attribute where nothing was presented. It is empty for codes that
// don't challenge.
func (p *Problem) Challenge() string {
	const realm = `Bearer realm="api"`
	row := p.Code.Row()
	switch {
	case p.Code == MissingKey, p.Code == MissingToken:
		return realm
	case row.Status == 401:
		return realm + `, error="invalid_token", error_description="` + attribute(row.Title) + `"`
	case p.Code == InsufficientScope:
		return realm + `, error="insufficient_scope", error_description="` + attribute(row.Title) + `", scope="` +
			attribute(strings.Join(append(append([]string(nil), p.RequiredScopes...), p.AnyOfScopes...), " ")) + `"`
	}
	return ""
}

// attribute keeps what RFC 6750 section 3 allows in an attribute's value.
func attribute(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}
