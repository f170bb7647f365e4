package problem

import (
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
	Carrier        string   // how a key is to be sent; empty: as a Bearer token
	Route          string   // METHOD and pattern that the request met
	RequiredScopes []string // all of them needed
	MissingScopes  []string
	AnyOfScopes    []string // one of them needed
	RetryAfter     time.Duration
}

// RetryAfterSeconds is whole seconds, rounded up and at least 1, as RFC 9110
// section 10.2.3 writes them.
func (p *Problem) RetryAfterSeconds() int64 {
	n := int64(p.RetryAfter / time.Second)
	if p.RetryAfter%time.Second > 0 {
		n++
	}
	return max(1, n)
}

// Text is the sentence that the caller reads.
func (p *Problem) Text() string {
	if p.Message != "" {
		return p.Message
	}
	if p.Code == InsufficientScope && (p.Route == "" || p.lacking() == "") {
		return p.vagueRefusal()
	}
	return p.fill(p.Code.Row().Message)
}

// fill puts what this occurrence knows in the place of the row's words in
// braces.
func (p *Problem) fill(text string) string {
	before, rest, found := strings.Cut(text, "{")
	if !found {
		return text
	}
	var b strings.Builder
	for ; found; before, rest, found = strings.Cut(rest, "{") {
		b.WriteString(before)
		var word string
		word, rest, _ = strings.Cut(rest, "}")
		b.WriteString(p.word(word))
	}
	b.WriteString(before)
	return b.String()
}

func (p *Problem) word(name string) string {
	switch name {
	case "method":
		return orElse(p.Method, "this method")
	case "carrier":
		return orElse(p.Carrier, "Authorization: Bearer YOUR_KEY")
	case "route":
		return p.Route
	case "missing":
		return p.lacking()
	case "retry_after":
		return seconds(p.RetryAfterSeconds())
	case "param":
		return orElse(p.Param, "A field")
	}
	return "{" + name + "}" // as it stands
}

// vagueRefusal is the row's message of InsufficientScope without what this
// occurrence doesn't know.
func (p *Problem) vagueRefusal() string {
	text := "This key may not do this"
	if p.Route != "" {
		text = "This key may not call " + p.Route
	}
	if lacking := p.lacking(); lacking != "" {
		text += ": it lacks " + lacking
	}
	return text + "."
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
