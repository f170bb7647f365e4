package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// edits are the flags that change a key.
type edits struct {
	name, description, status, profile, expires, reason string
	scopes, addresses                                   []string
	metadata                                            map[string]string
}

var errNoEdit = usage("nothing is stated that should change")

func keysEdit() *verb {
	e := &edits{}
	return &verb{
		use: "edit ID", short: "Change a key", changes: true,
		long: "Only what is stated changes. Scopes can only be taken away; environment, project, kind and workspace\nnever change.",
		example: `  keystile keys edit key_… --scopes read:projects --expires 30d
  keystile keys edit key_… --status inactive --reason "found in a log"`,
		flags: e.define,
		check: func(stated func(string) bool) error {
			if slices.ContainsFunc(editFlags, stated) {
				return nil
			}
			return errNoEdit
		},
		run: func(t *task) (answer, error) {
			k, err := t.service.EditKey(t.ctx, t.call, keys.ID(t.args[0]), e.ask(t.stated))
			return answer{document: k, text: func(p *page) {
				p.line("Changed %s:\n", k.ID)
				showKey(p, k)
			}}, err
		},
	}
}

var editFlags = []string{"name", "description", "scopes", "status", "profile", "expires", "allowed-ips", "metadata"}

func (e *edits) define(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&e.name, "name", "", "its new `NAME`")
	flags.StringVar(&e.description, "description", "", "`TEXT` that says what it is for")
	flags.StringSliceVar(&e.scopes, "scopes", nil, "what is left of its scopes: `A,B`")
	flags.StringVar(&e.status, "status", "", "`STATUS`: "+oneOf(settable))
	flags.StringVar(&e.profile, "profile", "", "`NAME` of its profile; empty: none")
	flags.StringVar(&e.expires, "expires", "", "when it ends: `90d`, 12h, a date, or never")
	flags.StringSliceVar(&e.addresses, "allowed-ips", nil, "addresses and blocks that it may be used from: `A,B`; empty: any")
	flags.Var((*pairs)(&e.metadata), "metadata", "what else to keep with it, all of it: `A=B,C=D`; empty: nothing")
	flags.StringVar(&e.reason, "reason", "", "`TEXT` for the audit trail")
	completeOneOf(c, "status", settable)
}

// ask states what the command line states.
func (e *edits) ask(stated func(string) bool) manage.KeyEdit {
	trim(e.scopes)
	trim(e.addresses)
	edit := manage.KeyEdit{
		Name: when(stated("name"), e.name), Description: when(stated("description"), e.description),
		Scopes: when(stated("scopes"), e.scopes), Status: when(stated("status"), keys.Status(e.status)),
		Profile: when(stated("profile"), e.profile), AllowedIPs: when(stated("allowed-ips"), e.addresses),
		Metadata: when(stated("metadata"), e.metadata), Reason: e.reason,
	}
	at, in, never := expiry(e.expires)
	switch {
	case !stated("expires"):
	case never:
		edit.ExpiresAt = manage.Field[string]{Set: true, Null: true}
	case at != "":
		edit.ExpiresAt = manage.Stated(at)
	default:
		edit.ExpiresIn = manage.Stated(in)
	}
	return edit
}

// when is a field that stands in an edit if it is stated.
func when[T any](stated bool, value T) manage.Field[T] {
	if !stated {
		return manage.Field[T]{}
	}
	return manage.Stated(value)
}
