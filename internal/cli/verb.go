package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

// verb describes one command.
type verb struct {
	use     string // "create NAME": the words in capitals are arguments, all of them needed
	short   string
	example string
	flags   func(*cobra.Command)
	// confirm, where set, is what is asked before the verb runs; --yes answers
	// it.
	confirm func(args []string) string
	run     func(*task) (answer, error)
}

// task is one run of a verb.
type task struct {
	ctx     context.Context
	service manage.Service
	call    manage.Call
	args    []string
	now     time.Time
}

// answer is what a verb has to say, in both forms.
type answer struct {
	document any // printed with --json
	text     func(*page)
}

// arguments are the words in capitals.
func (v *verb) arguments() []string { return strings.Fields(v.use)[1:] }

func (a *app) command(opts *common, v *verb) *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use: v.use, Short: v.short, Example: v.example,
		SilenceErrors: true, SilenceUsage: true,
		DisableFlagsInUseLine: true,
	}
	cmd.Use += " [flags]"
	cmd.Flags().SortFlags = false
	if v.flags != nil {
		v.flags(cmd)
	}
	if v.confirm != nil {
		cmd.Flags().BoolVar(&yes, "yes", false, "don't ask")
	}
	cmd.Args = func(c *cobra.Command, args []string) error { return a.countArguments(c, v, args) }
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if v.confirm != nil && !yes {
			if err := a.ask(c, v.confirm(args)); err != nil {
				return a.fail(c, err)
			}
		}
		return a.run(c, opts, v, args)
	}
	return cmd
}

func (a *app) countArguments(c *cobra.Command, v *verb, args []string) error {
	want := v.arguments()
	switch {
	case len(args) < len(want):
		return a.badUsage(c, want[len(args)]+" is missing")
	case len(args) > len(want):
		return a.badUsage(c, fmt.Sprintf("%d argument(s) too many; quote a name that has spaces", len(args)-len(want)))
	}
	return nil
}

// run opens a session, does what the verb does, and prints the answer once the
// session is closed. An answer that stands is printed even if closing fails: it
// may hold a secret that nobody will see again.
func (a *app) run(c *cobra.Command, opts *common, v *verb, args []string) error {
	session, err := a.open(c.Context(), opts.config)
	if err != nil {
		return a.fail(c, err)
	}
	now := session.Now()
	said, err := v.run(&task{
		ctx: c.Context(), service: session.Service, args: args, now: now,
		call: manage.Call{Actor: session.Actor, Workspace: opts.workspace},
	})
	closeErr := session.Close()
	if err != nil {
		return a.fail(c, err)
	}
	if err := said.print(c.OutOrStdout(), opts.json, now); err != nil {
		return a.fail(c, fmt.Errorf("print the answer: %w", err))
	}
	if closeErr != nil {
		return a.fail(c, fmt.Errorf("close the store: %w", closeErr))
	}
	return nil
}
