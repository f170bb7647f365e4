package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// judged are the flags, by the fields of the API that they fill, whose values
// are right or wrong by rules that ask nobody what there is: one that is wrong
// is bad usage, whoever notices. Names of things that may be missing, such as
// projects and scopes, aren't among them.
var judged = map[string]string{
	"name": "name", "description": "description", "owner": "owner", "reason": "reason", "metadata": "metadata",
	"environment": "environment", "kind": "kind", "status": "status", "by": "by", "q": "search",
	"limit": "limit", "cursor": "cursor", "from": "from", "to": "to", "wait": "wait", "grace": "grace",
	"allowed_ips": "allowed-ips", "expires_at": "expires", "expires_in": "expires",
}

// ends is what --expires takes: the API has a field for each of its forms, and
// speaks of one of them.
const ends = "must be a duration such as 90d or 12h, a date such as 2026-11-30 or a time such as 2026-11-30T12:00:00Z, in the future by at most 36500d"

// misused says which part of the command line a refusal is about, in words that
// name the flag; ok is false where it isn't about how the command is used.
func misused(c *cobra.Command, err error) (what string, ok bool) {
	refused, ok := errors.AsType[*manage.Error](err)
	if !ok || refused.Problem.Code != problem.InvalidRequest {
		return "", false
	}
	field := refused.Problem.Param
	rule, continues := strings.CutPrefix(strings.TrimSuffix(refused.Problem.Text(), "."), field+" ")
	flag, known := judged[field]
	switch {
	case !known || !continues:
		return "", false
	case c.Flags().Lookup(flag) == nil:
		return strings.ToUpper(field) + " " + rule, field == "name" // the argument
	case flag == "expires":
		rule = endsOf(c)
	}
	return "--" + flag + " " + rule, true
}

// endsOf adds what only an edit takes.
func endsOf(c *cobra.Command) string {
	if c.Name() == "edit" {
		return ends + ", or never"
	}
	return ends
}
