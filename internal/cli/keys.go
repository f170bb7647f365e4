package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func keyVerbs() []*verb {
	return []*verb{
		keysCreate(), keysList(), keysShow(), keysEdit(), keysRevoke(), keysDeactivate(), keysReactivate(), keysRotate(), keysDelete(),
		keysUsage(), keysActivity(),
	}
}

func keysCreate() *verb {
	var ask manage.NewKey
	var environment, kind, expires string
	return &verb{
		use: "create [NAME]", short: "Create a key and show its secret, once", changes: true,
		long: "NAME may be left out where the configuration says: name optional.",
		example: `  keystile keys create "Nightly export" --scopes read:projects --expires 90d
  keystile keys create deploy --kind ci --project apollo --environment test`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&environment, "environment", "", "`ENV`: "+oneOf(environments)+" (live unless stated)")
			c.Flags().StringSliceVar(&ask.Scopes, "scopes", nil, "what the key may do: `A,B`")
			c.Flags().StringVar(&ask.Project, "project", "", "`NAME` of the only project that it is good for")
			c.Flags().StringVar(&expires, "expires", "", "when it ends: `90d`, 12h, or a date")
			c.Flags().StringVar(&kind, "kind", "", "`KIND`: "+oneOf(kinds))
			c.Flags().StringVar(&ask.Description, "description", "", "`TEXT` that says what it is for")
			c.Flags().StringVar(&ask.Owner, "owner", "", "`NAME` of the person or system that it is issued to")
			c.Flags().StringVar(&ask.Profile, "profile", "", "`NAME` of its profile")
			c.Flags().StringVar(&ask.Plan, "plan", "", "`NAME` of the plan of its own rate limits")
			c.Flags().StringSliceVar(&ask.AllowedIPs, "allowed-ips", nil, "addresses and blocks that it may be used from: `A,B`")
			c.Flags().Var((*pairs)(&ask.Metadata), "metadata", "what else to keep with it: `A=B,C=D`")
			completeOneOf(c, "environment", environments)
			completeOneOf(c, "kind", kinds)
		},
		run: func(t *task) (answer, error) {
			ask.Name, ask.Environment, ask.Kind = strings.Join(t.args, ""), keys.Environment(environment), keys.Kind(kind)
			ask.ExpiresAt, ask.ExpiresIn, _ = expiry(expires)
			trim(ask.Scopes)
			trim(ask.AllowedIPs)
			made, err := t.service.CreateKey(t.ctx, t.call, ask)
			if err != nil {
				return answer{}, nameless(t.args, err)
			}
			shown := made.Revealed()
			return withSecret(answer{document: shown, text: func(p *page) {
				p.line("Created %s %q: %s.", shown.ID, plain(shown.Name), rights(shown.KeyView, p))
				p.secret(shown.Secret, t.sites.tryWith(shown.KeyView))
			}}, string(shown.ID), shown.Secret), nil
		},
	}
}

// nameless is an error of a command without a name, whether keys need one
// being the configuration's to say.
func nameless(args []string, err error) error {
	refused, ok := errors.AsType[*manage.Error](err)
	if ok && len(args) == 0 && refused.Problem.Code == problem.InvalidRequest && refused.Problem.Param == "name" {
		return usage("NAME is missing")
	}
	return err
}

// expiry tells a duration from a time: only the latter has a hyphen. The word
// never is neither.
func expiry(text string) (at, in string, never bool) {
	switch {
	case text == "never":
		return "", "", true
	case strings.Contains(text, "-"):
		return text, "", false
	}
	return "", text, false
}

func trim(list []string) {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
}

// rights says what a key may do, and for how long.
func rights(k manage.KeyView, p *page) string {
	return fmt.Sprintf("%s; scopes: %s; ends: %s", k.Environment, list(k.Scopes, "none"), p.at(k.ExpiresAt, "never"))
}

// secret shows what is shown once, with a line to try it where there is an
// address that takes it.
func (p *page) secret(secret *string, url string) {
	if secret == nil {
		return
	}
	p.line("\n    %s\n", *secret)
	p.line("This is the secret. It can't be shown again: store it now.")
	if url == "" {
		return
	}
	p.line("\nTry it:\n\n    curl -H \"Authorization: Bearer %s\" %s", *secret, url)
}

// withSecret adds to an answer what to do where nobody sees its secret: the
// answer to the first of repeated calls may be lost on its way, and the one
// that is here may not be printed.
func withSecret(said answer, id string, secret *string) answer {
	said.lost = id + " is made, and its secret can't be shown again: delete it, and make another"
	if secret == nil {
		said.then = errors.New("the answer with the secret was lost on its way; " + said.lost)
	}
	return said
}

func keysShow() *verb {
	return &verb{
		use: "show ID", short: "Show a key",
		example: "  keystile keys show key_…\n  keystile keys show key_… --json",
		run: func(t *task) (answer, error) {
			k, err := t.service.ShowKey(t.ctx, t.call, keys.ID(t.args[0]))
			return answer{document: k, text: func(p *page) { showKey(p, k) }}, err
		},
	}
}

func showKey(p *page, k manage.KeyView) {
	metadata := make([]string, 0, len(k.Metadata))
	for _, name := range slices.Sorted(maps.Keys(k.Metadata)) {
		metadata = append(metadata, name+"="+k.Metadata[name])
	}
	p.pairs([][2]string{
		{"ID", string(k.ID)}, {"Name", k.Name}, {"Description", k.Description}, {"Secret", k.Hint},
		{"Status", string(k.Status)}, {"Environment", string(k.Environment)}, {"Kind", string(k.Kind)},
		{"Scopes", list(k.Scopes, "none")}, {"Workspace", k.Workspace}, {"Project", k.Project},
		{"Owner", k.Owner}, {"Profile", k.Profile}, {"Plan", k.Plan},
		{"Addresses", list(k.AllowedIPs, "")}, {"Metadata", list(metadata, "")},
		{"Created", p.at(&k.CreatedAt, "") + by(k.CreatedBy)}, {"Ends", p.at(k.ExpiresAt, "never")},
		{"Last used", p.at(k.LastUsedAt, "never")}, {"Calls", fmt.Sprint(k.TotalCalls)},
		{"Replaces", string(k.Replaces)}, {"Replaced by", string(k.ReplacedBy)},
	})
}

func by(maker string) string {
	if maker == "" {
		return ""
	}
	return " by " + maker
}
