package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// setting is the flag that fills a field of the API.
type setting struct {
	flag string
	// reads reports whether a text is of the flag's kind at all, such as a
	// duration: one that isn't is bad usage. One that is can be refused all the
	// same, which is a failure. nil: any text is.
	reads func(text string) bool
}

// settings are the flags whose values a service may refuse, by the fields of
// the API that they fill.
var settings = map[string]setting{
	"name": {flag: "name"}, "description": {flag: "description"}, "owner": {flag: "owner"}, "reason": {flag: "reason"},
	"metadata": {flag: "metadata"}, "q": {flag: "search"}, "limit": {flag: "limit"}, "cursor": {flag: "cursor"},
	"scopes": {flag: "scopes"}, "project": {flag: "project"}, "profile": {flag: "profile"}, "plan": {flag: "plan"},
	"environment": {"environment", among(environments)}, "kind": {"kind", among(kinds)}, "status": {"status", among(statuses)},
	"by": {"by", among(sums)}, "from": {"from", isPast}, "to": {"to", isPast}, "wait": {"wait", isDuration}, "grace": {"grace", isDuration},
	"allowed_ips": {"allowed-ips", isAddresses}, "expires_at": {"expires", isEnd}, "expires_in": {"expires", isEnd},
}

// ends is what --expires takes: the API has a field for each of its forms, and
// speaks of one of them.
const ends = "must be a duration such as 90d or 12h, a date such as 2026-11-30 or a time such as 2026-11-30T12:00:00Z, in the future by at most 36500d"

// refusedValue says which part of the command line a refusal is about, in words
// that name the flag, and with which status that ends; ok is false where it
// isn't about a value of the command line.
func refusedValue(c *cobra.Command, err error) (says string, status int, ok bool) {
	refused, ok := errors.AsType[*manage.Error](err)
	if !ok || refused.Problem.Code != problem.InvalidRequest {
		return "", 0, false
	}
	field := refused.Problem.Param
	rule, continues := strings.CutPrefix(strings.TrimSuffix(refused.Problem.Text(), "."), field+" ")
	set, known := settings[field]
	if !known || !continues {
		return "", 0, false
	}
	flag := c.Flags().Lookup(set.flag)
	switch {
	case flag == nil:
		return strings.ToUpper(field) + " " + rule, StatusFailed, field == "name" // the argument
	case set.flag == "expires":
		rule = endsOf(c)
	case set.flag == "scopes" && strings.Contains(textOf(flag.Value), " "):
		rule += "; scopes are separated by commas: A,B"
	}
	return "--" + set.flag + " " + rule, set.statusOf(flag.Value), true
}

// statusOf is how a command ends whose value of the flag was refused.
func (s setting) statusOf(value fmt.Stringer) int {
	if s.reads == nil || s.reads(textOf(value)) {
		return StatusFailed
	}
	return StatusBadUsage
}

// textOf is a flag's value as it was typed; the parts of a list are joined by
// commas.
func textOf(value fmt.Stringer) string {
	if list, ok := value.(interface{ GetSlice() []string }); ok {
		return strings.Join(list.GetSlice(), ",")
	}
	return value.String()
}

func among(words []string) func(string) bool {
	return func(text string) bool { return slices.Contains(words, text) }
}

func isDuration(text string) bool {
	_, err := manage.ParseDuration(text)
	return err == nil
}

func isTime(text string) bool {
	return slices.ContainsFunc([]string{time.RFC3339, time.DateOnly}, func(layout string) bool {
		_, err := time.Parse(layout, text)
		return err == nil
	})
}

func isPast(text string) bool { return isTime(text) || isDuration(text) }

func isEnd(text string) bool { return text == "never" || isTime(text) || isDuration(text) }

func isAddresses(text string) bool {
	for part := range strings.SplitSeq(text, ",") {
		_, noAddress := netip.ParseAddr(part)
		_, noBlock := netip.ParsePrefix(part)
		if noAddress != nil && noBlock != nil {
			return false
		}
	}
	return true
}

// endsOf adds what only an edit takes.
func endsOf(c *cobra.Command) string {
	if c.Name() == "edit" {
		return ends + ", or never"
	}
	return ends
}
