package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func keyVerbs() []*verb {
	return []*verb{keysCreate(), keysList(), keysShow(), keysRevoke(), keysUsage()}
}

func keysCreate() *verb {
	var ask manage.NewKey
	var environment, kind, expires string
	return &verb{
		use: "create NAME", short: "Create a key and show its secret, once",
		example: "  keystile keys create \"Nightly export\" --scopes read:projects --expires 90d",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&environment, "environment", "", "`ENV`: live or test (live unless stated)")
			c.Flags().StringSliceVar(&ask.Scopes, "scopes", nil, "what the key may do: `A,B`")
			c.Flags().StringVar(&ask.Project, "project", "", "`NAME` of the only project that it is good for")
			c.Flags().StringVar(&expires, "expires", "", "when it ends: `90d`, 12h, or a date")
			c.Flags().StringVar(&kind, "kind", "", "`KIND`: personal, project or ci")
			c.Flags().StringVar(&ask.Description, "description", "", "`TEXT` that says what it is for")
			c.Flags().StringVar(&ask.Owner, "owner", "", "`NAME` of the person or system that it is issued to")
			c.Flags().StringVar(&ask.Profile, "profile", "", "`NAME` of its profile")
			c.Flags().StringVar(&ask.Plan, "plan", "", "`NAME` of the plan of its own rate limits")
			c.Flags().StringSliceVar(&ask.AllowedIPs, "allowed-ips", nil, "addresses and blocks that it may be used from: `A,B`")
		},
		run: func(t *task) (answer, error) {
			ask.Name, ask.Environment, ask.Kind = t.args[0], keys.Environment(environment), keys.Kind(kind)
			ask.ExpiresAt, ask.ExpiresIn = expiry(expires)
			trim(ask.Scopes)
			trim(ask.AllowedIPs)
			made, err := t.service.CreateKey(t.ctx, t.call, ask)
			if err != nil {
				return answer{}, err
			}
			shown := made.Revealed()
			return answer{document: shown, text: func(p *page) { createdKey(p, shown) }}, nil
		},
	}
}

// expiry tells a duration from a time: only the latter has a hyphen.
func expiry(text string) (at, in string) {
	if strings.Contains(text, "-") {
		return text, ""
	}
	return "", text
}

func trim(list []string) {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
}

func createdKey(p *page, k manage.RevealedKey) {
	p.line("Created %s %q: %s; scopes: %s; ends: %s.", k.ID, plain(k.Name), k.Environment,
		list(k.Scopes, "none"), p.at(k.ExpiresAt, "never"))
	p.secret(k.Secret, "https://YOUR-API/")
}

// secret shows what is shown once.
func (p *page) secret(secret *string, url string) {
	if secret == nil {
		p.line("It was made by an earlier call; its secret can't be shown again.")
		return
	}
	p.line("\n    %s\n", *secret)
	p.line("This is the secret. It can't be shown again: store it now.")
	p.line("\nTry it:\n\n    curl -H \"Authorization: Bearer %s\" %s", *secret, url)
}

func keysShow() *verb {
	return &verb{
		use: "show ID", short: "Show a key",
		run: func(t *task) (answer, error) {
			k, err := t.service.ShowKey(t.ctx, t.call, keys.ID(t.args[0]))
			return answer{document: k, text: func(p *page) { showKey(p, k) }}, err
		},
	}
}

func showKey(p *page, k manage.KeyView) {
	metadata := make([]string, 0, len(k.Metadata))
	for _, name := range sorted(k.Metadata) {
		metadata = append(metadata, name+"="+k.Metadata[name])
	}
	rows := [][]string{
		{"ID", string(k.ID)}, {"Name", plain(k.Name)}, {"Description", plain(k.Description)}, {"Secret", k.Hint},
		{"Status", string(k.Status)}, {"Environment", string(k.Environment)}, {"Kind", string(k.Kind)},
		{"Scopes", list(k.Scopes, "none")}, {"Workspace", k.Workspace}, {"Project", plain(k.Project)},
		{"Owner", plain(k.Owner)}, {"Profile", plain(k.Profile)}, {"Plan", plain(k.Plan)},
		{"Addresses", list(k.AllowedIPs, "")}, {"Metadata", list(metadata, "")},
		{"Created", p.at(&k.CreatedAt, "") + by(k.CreatedBy)}, {"Ends", p.at(k.ExpiresAt, "never")},
		{"Last used", p.at(k.LastUsedAt, "never")}, {"Calls", fmt.Sprint(k.TotalCalls)},
		{"Replaces", string(k.Replaces)}, {"Replaced by", string(k.ReplacedBy)},
	}
	filled := rows[:0]
	for _, row := range rows {
		if row[1] != "" {
			filled = append(filled, row)
		}
	}
	p.table(filled)
}

func by(maker string) string {
	if maker == "" {
		return ""
	}
	return " by " + plain(maker)
}

func keysRevoke() *verb {
	var ask manage.Revocation
	return &verb{
		use: "revoke ID", short: "End a key for good",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&ask.Reason, "reason", "", "`TEXT` for the audit trail")
		},
		run: func(t *task) (answer, error) {
			k, err := t.service.RevokeKey(t.ctx, t.call, keys.ID(t.args[0]), ask)
			return answer{document: k, text: func(p *page) {
				p.line("Revoked %s %q.", k.ID, plain(k.Name))
			}}, err
		},
	}
}
