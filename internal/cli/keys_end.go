package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func keysRevoke() *verb {
	var ask manage.Revocation
	return &verb{
		use: "revoke ID", short: "End a key", changes: true,
		long:    fmt.Sprintf("It ends for good, unless the configuration says: revocation reversible. With --wait, the exit status is %d\nwhere a gateway had not confirmed it by then; the key is revoked all the same.", StatusUnconfirmed),
		example: `  keystile keys revoke key_… --reason leaked --wait 5s`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&ask.Wait, "wait", "", "wait until every gateway refuses it: `5s`")
			c.Flags().StringVar(&ask.Reason, "reason", "", "`TEXT` for the audit trail")
		},
		run: func(t *task) (answer, error) {
			k, err := t.service.RevokeKey(t.ctx, t.call, keys.ID(t.args[0]), ask)
			said := answer{document: k, text: func(p *page) {
				p.line("Revoked %s %q. %s", k.ID, plain(k.Name), reached(k.Receipt, ask.Wait))
			}}
			if err == nil && ask.Wait != "" && !k.Receipt.Confirmed {
				said.then = &unconfirmed{fmt.Sprintf("%s is revoked, but not every gateway confirmed it within %s%s", k.ID, ask.Wait, waitingFor(k.Receipt))}
			}
			return said, err
		},
	}
}

// reached says how far a revocation has got about.
func reached(r manage.Receipt, wait string) string {
	switch {
	case r.Confirmed && r.Nodes == 0:
		return "No gateway is running: it is refused from the next start on."
	case r.Confirmed && len(r.Silent) == r.Nodes:
		return "No gateway is heard of: what ran has ended, or refuses every key by now. The next start refuses it."
	case r.Confirmed && len(r.Silent) > 0:
		return fmt.Sprintf("%d of %d gateways refuse it. The others aren't heard of: they have ended, or refuse every key by now: %s.",
			r.Nodes-len(r.Silent), r.Nodes, plain(strings.Join(r.Silent, ", ")))
	case r.Confirmed && r.Nodes == 1:
		return "The gateway refuses it."
	case r.Confirmed:
		return fmt.Sprintf("All %d gateways refuse it.", r.Nodes)
	case wait != "":
		return fmt.Sprintf("Not all of %d gateways have confirmed it.", r.Nodes)
	}
	return "Gateways follow in a moment; --wait waits for them."
}

func waitingFor(r manage.Receipt) string {
	if len(r.Pending) == 0 {
		return ""
	}
	return ": " + strings.Join(r.Pending, ", ")
}

func keysDeactivate() *verb {
	reason := ""
	return &verb{
		use: "deactivate ID", short: "Pause a key, until it is reactivated", changes: true,
		long:    "It is what edit does with --status inactive.",
		example: `  keystile keys deactivate key_… --reason "found in a log"`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&reason, "reason", "", "`TEXT` for the audit trail")
		},
		run: func(t *task) (answer, error) {
			k, err := t.service.EditKey(t.ctx, t.call, keys.ID(t.args[0]), manage.KeyEdit{Status: manage.Stated(keys.Inactive), Reason: reason})
			return answer{document: k, text: func(p *page) {
				p.line("%s %q is %s: keystile keys reactivate %s undoes that.", k.ID, plain(k.Name), k.Status, k.ID)
			}}, err
		},
	}
}

func keysReactivate() *verb {
	return &verb{
		use: "reactivate ID", short: "Undo a pause", changes: true,
		long:    "Where the configuration says: revocation reversible, it undoes a revocation as well.",
		example: "  keystile keys reactivate key_…",
		run: func(t *task) (answer, error) {
			k, err := t.service.ReactivateKey(t.ctx, t.call, keys.ID(t.args[0]))
			return answer{document: k, text: func(p *page) {
				p.line("%s %q is %s: %s.", k.ID, plain(k.Name), k.Status, rights(k, p))
			}}, err
		},
	}
}

func keysDelete() *verb {
	return &verb{
		use: "delete ID", short: "Delete a key for good", changes: true,
		long:    "Whoever presents it is refused as if it had never been. Its audit trail and what was counted stay.",
		example: `  keystile keys delete key_… --yes`,
		confirm: func(t *task) (string, error) {
			k, err := t.service.ShowKey(t.ctx, t.call, keys.ID(t.args[0]))
			return fmt.Sprintf("Delete %s %q (%s, last used: %s)? Whoever uses it is refused from then on, and it can't come back.",
				k.ID, plain(k.Name), k.Status, sinceOr(k.LastUsedAt, t.now, "never")), err
		},
		run: func(t *task) (answer, error) {
			return deletedByID(t.args[0]), t.service.DeleteKey(t.ctx, t.call, keys.ID(t.args[0]))
		},
	}
}

// deletedByID says what is gone.
func deletedByID(id string) answer {
	gone := struct {
		ID      string `json:"id"`
		Deleted bool   `json:"deleted"`
	}{id, true}
	return answer{document: gone, text: func(p *page) { p.line("Deleted %s.", plain(id)) }}
}
