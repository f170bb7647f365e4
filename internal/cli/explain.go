package cli

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func explain() *verb {
	var question manage.Question
	var key string
	return &verb{
		use: "explain METHOD PATH", short: "Tell how a gate would decide about a request, step by step",
		long: "A running gateway is asked, over its management API: it alone knows where limits stand. Nothing is spent or counted.",
		example: `  keystile explain GET /v1/projects --key key_…
  keystile explain POST /v1/projects --key key_… --address 192.0.2.7 --host api.example.com`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&key, "key", "", "the `KEY` that the request carries: its ID, or the whole secret (an ID tells other users of this machine nothing)")
			c.Flags().StringVar(&question.Client, "address", "", "the client's `IP` address")
			c.Flags().StringVar(&question.Host, "host", "", "the `HOST` of the gate, where there are several; with its port where that tells them apart")
		},
		check: func(func(string) bool) error { return checkAddress(question.Client) },
		run: func(t *task) (answer, error) {
			question.Method, question.Path = t.args[0], t.args[1]
			if strings.HasPrefix(key, keyMark) && !keys.Whole(key) {
				question.KeyID = keys.ID(key)
			} else {
				question.Key = key
			}
			told, err := t.service.ExplainRequest(t.ctx, t.call, question)
			if errors.Is(err, manage.ErrNoGates) {
				err = errors.New("a running gateway has to be asked: name its management API with --api, and a token with --token")
			}
			return answer{document: told, text: func(p *page) { showExplained(p, told) }}, err
		},
	}
}

func checkAddress(text string) error {
	if text == "" {
		return nil
	}
	if _, err := netip.ParseAddr(text); err != nil {
		return errors.New("--address must be an IP address")
	}
	return nil
}

var stepColumns = []column{{head: "STEP"}, {head: "ANSWER"}, {head: "WHAT WAS LOOKED AT", cut: true}}

func showExplained(p *page, told manage.Explained) {
	table := make([][]string, 0, len(told.Steps))
	for _, s := range told.Steps {
		said := "passes"
		if !s.Passed {
			said = s.Code
		}
		table = append(table, []string{s.Step, said, orDash(s.Detail)})
	}
	p.table(stepColumns, table)
	p.line("\nOutcome: %s", told.Outcome)
	if told.Message != "" {
		p.line("%s", plain(told.Message))
	}
}
