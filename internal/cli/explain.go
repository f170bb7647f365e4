package cli

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

const explainLong = `Nothing is spent or counted. With --config, the gates are those of the file, and what only running gateways know,
such as what the buckets of limits hold, is said to be missing; over the API, they are those of the gateway that answers.

--request takes the request_id of a refusal, which its caller was told, in the place of METHOD and PATH, and tells what was
decided then and what would be now.`

func explain() *verb {
	var question manage.Question
	var key string
	return &verb{
		use: "explain [METHOD PATH]", short: "Tell how a gate would decide about a request, or did, step by step", long: explainLong,
		example: `  keystile explain GET /v1/projects --key key_…
  keystile explain POST /v1/projects --key key_… --address 192.0.2.7 --host api.example.com
  keystile explain --request 4be2ad27-8fd3-4a1b-9d4e-6c0e4c2f9a51`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&key, "key", "", "the `KEY` that the request carries: its ID, or the whole secret (an ID tells other users of this machine nothing)")
			c.Flags().StringVar(&question.Client, "address", "", "the client's `IP` address")
			c.Flags().StringVar(&question.Host, "host", "", "the `HOST` of the gate, where there are several; with its port where that tells them apart")
			c.Flags().StringVar(&question.Gate, "gate", "", "in the place of --host, the `GATE` as keystile routes prints it, or its place alone")
			c.Flags().StringVar(&question.RequestID, "request", "", "the request_`ID` of a refusal, in the place of all else")
		},
		check: func(func(string) bool) error { return checkAddress(question.Client) },
		run: func(t *task) (answer, error) {
			if err := askedAbout(t, &question, key); err != nil {
				return answer{}, err
			}
			told, err := t.service.ExplainRequest(t.ctx, t.call, question)
			return answer{document: told, text: func(p *page) { showExplained(p, &told) }}, err
		},
	}
}

// askedAbout fills a question in from the command line.
func askedAbout(t *task, question *manage.Question, key string) error {
	switch {
	case question.RequestID != "":
		if len(t.args) > 0 || t.stated("key") || t.stated("address") || t.stated("host") || t.stated("gate") {
			return usage("--request says all of the request: METHOD, PATH and other flags don't go with it")
		}
		return nil
	case len(t.args) < 2:
		return usage("METHOD and PATH are missing, or --request with the request_id of a refusal")
	}
	question.Method, question.Path = t.args[0], t.args[1]
	if strings.HasPrefix(key, keyMark) && !keys.Whole(key) {
		question.KeyID = keys.ID(key)
	} else {
		question.Key = key
	}
	return nil
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

func showExplained(p *page, told *manage.Explained) {
	if then := told.Recorded; then != nil {
		p.line("%s %s at %s, from %s, %s (%s):\n", then.Method, plain(then.Path), orDash(plain(then.Gate)), orDash(then.Client),
			then.Time.Format("2006-01-02 15:04:05 MST"), ago(then.Time, p.now))
		showSteps(p, then.Steps)
		p.line("\nOutcome: %s (%d)\n\nNow:\n", then.Outcome, then.Status)
	}
	if len(told.Steps) > 0 {
		showSteps(p, told.Steps)
		p.line("\nOutcome: %s", told.Outcome)
	}
	if told.Message != "" {
		p.line("%s", plain(told.Message))
	}
	for i, note := range told.Notes {
		if i == 0 && len(told.Steps) > 0 {
			p.line("")
		}
		p.line("%s", plain(note))
	}
}

func showSteps(p *page, steps []manage.ExplainedStep) {
	table := make([][]string, 0, len(steps))
	for _, s := range steps {
		said := "passes"
		if !s.Passed {
			said = s.Code
		}
		table = append(table, []string{s.Step, said, orDash(s.Detail)})
	}
	p.table(stepColumns, table)
}
