package caddymodule

import (
	"fmt"
	"slices"

	"github.com/keystile/keystile/internal/cli"
)

// homes are the blocks that options stand in, for those that are found
// elsewhere. An option of several blocks isn't among them. It is a table of its
// own because the options' own tables reach, by what reads them, the function
// that needs it.
var homes = []struct {
	block   string
	options []string
}{
	{"a route", []string{"any_of", "project", "cost", "paths"}},
	{"the keystile of a site", []string{"credential", "workspace", "route", "default", "mode", "preflight", "errors", "forward_credential"}},
	{"the keystile of the global options", []string{
		"store", "limiter", "on_limiter_failure", "pepper", "lost_pepper", "prefix", "accept_prefix", "scope", "scope_alias",
		"plan", "default_plan", "unknown_keys", "max_staleness", "on_store_failure", "usage", "cache_size", "require_project", "name",
		"revocation", "rotation_grace",
	}},
	{"a keystile_verify", []string{"trusted", "target", "deny_status"}},
}

// strange says what is wrong with an option that a block doesn't have: it
// stands in another, is misspelled, or is none.
func (o options[T]) strange(name string) string {
	for _, home := range homes {
		if slices.Contains(home.options, name) {
			return fmt.Sprintf("%s isn't known here: it belongs in %s", name, home.block)
		}
	}
	if meant := cli.Meant(name, o.list()); meant != "" {
		return fmt.Sprintf("unknown option %q: %s", name, meant)
	}
	return fmt.Sprintf("unknown option %q; known: %s", name, o.names())
}
