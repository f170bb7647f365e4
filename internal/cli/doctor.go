package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// Check is one thing that a doctor looked at.
type Check struct {
	Name   string `json:"check"`
	Status string `json:"status"` // CheckOK, CheckWarn or CheckFail
	Found  string `json:"found"`
	Advice string `json:"advice"` // what to do; empty where all is well
}

// How a check went.
const (
	CheckOK   = "ok"
	CheckWarn = "warn"
	CheckFail = "fail"
)

// Examiner looks at a configuration file, its store and its limiter, and
// changes none of them. An error means that there is nothing to look at.
type Examiner func(ctx context.Context, configFile string) ([]Check, error)

const doctorLong = `It looks at the file of --config, at its store, its limiter and this machine, as the user who runs it, and
changes nothing. The exit status is 1 where a check fails; a warning alone leaves it 0.`

var errDoctorHere = usage("a doctor looks at a configuration and its store, not at an API: use --config")

func (a *app) doctor() *verb {
	file := ""
	return &verb{
		use: "doctor", short: "Check a configuration, its store and its limiter, and say what to do", long: doctorLong,
		example: "  keystile doctor",
		open: func(c *cobra.Command, opts *common) (*Session, error) {
			if stated := c.Flags().Changed; stated("api") || stated("token") || stated("ca") {
				return nil, errDoctorHere
			}
			file = opts.config
			return &Session{Now: a.now, Close: func() error { return nil }}, nil
		},
		run: func(t *task) (answer, error) {
			checks, err := a.Examine(t.ctx, file)
			document := struct {
				Checks []Check `json:"checks"`
			}{checks}
			return answer{document: document, text: func(p *page) { tellChecks(p, checks) }, then: failedOf(checks)}, err
		},
	}
}

func tellChecks(p *page, checks []Check) {
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	for _, c := range checks {
		line := fmt.Sprintf("%-4s  %-*s  %s", c.Status, width, c.Name, c.Found)
		if c.Advice != "" {
			line += ": " + c.Advice
		}
		p.line("%s", plain(line))
	}
}

func failedOf(checks []Check) error {
	failed := 0
	for _, c := range checks {
		if c.Status == CheckFail {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s failed", failed, counted(len(checks), "check", "checks"))
}
