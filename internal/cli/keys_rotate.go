package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func keysRotate() *verb {
	var ask manage.Rotation
	return &verb{
		use: "rotate ID", short: "Make a key that takes the place of another, and show its secret, once", changes: true,
		long:    "The new key has the same rights and the same end. The old one goes on working until its grace is over.",
		example: `  keystile keys rotate key_… --grace 24h`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&ask.Grace, "grace", "", "how long the old key goes on working: `24h`, or 0s (as long as the configuration lets it, unless stated)")
			c.Flags().StringVar(&ask.Reason, "reason", "", "`TEXT` for the audit trail")
		},
		run: func(t *task) (answer, error) {
			old := keys.ID(t.args[0])
			made, err := t.service.RotateKey(t.ctx, t.call, old, ask)
			if err != nil {
				return answer{}, err
			}
			shown, until := made.Revealed(), t.endOf(old)
			return withSecret(answer{document: shown, text: func(p *page) {
				p.line("Created %s %q in the place of %s: %s.", shown.ID, plain(shown.Name), plain(string(old)), rights(shown.KeyView, p))
				if until != nil {
					p.line("The old key works until: %s.", p.at(until.ExpiresAt, "no end is set"))
				}
				p.secret(shown.Secret, t.sites.tryWith(shown.KeyView))
			}}, string(shown.ID), shown.Secret), nil
		},
	}
}

// endOf looks up when a key that was replaced ends, for people. The rotation
// stands, so that not knowing is no reason to fail.
func (t *task) endOf(old keys.ID) *manage.KeyView {
	if t.json {
		return nil
	}
	k, err := t.service.ShowKey(t.ctx, t.call, old)
	if err != nil {
		return nil
	}
	return &k
}
