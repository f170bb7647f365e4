package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

// verb describes one command.
type verb struct {
	use     string // "create NAME": the words in capitals are arguments; one in brackets may be left out
	short   string
	long    string // what the short text leaves open
	example string
	flags   func(*cobra.Command)
	changes bool // it does more than to tell
	// check, where set, refuses flags that make no sense together before
	// anything is opened. stated tells the flags of the command line.
	check func(stated func(flag string) bool) error
	// confirm, where set, is what is asked before the verb runs; --yes answers
	// it.
	confirm func(*task) (string, error)
	// open, where set, opens what the verb works on in a way of its own.
	open func(*cobra.Command, *common) (*Session, error)
	run  func(*task) (answer, error)
}

// task is one run of a verb.
type task struct {
	ctx     context.Context
	service manage.Service
	call    manage.Call
	args    []string
	now     time.Time
	sites   Sites
	json    bool
	stated  func(flag string) bool
	in      io.Reader         // standard input
	warn    func(line string) // says what is wrong, and goes on
}

// answer is what a verb has to say, in both forms.
type answer struct {
	document any // printed with --json
	text     func(*page)
	// then is what is wrong although there is an answer; it is told after it.
	then error
	// lost is what to know where the answer can't be printed.
	lost string
}

func (v *verb) name() string { return strings.Fields(v.use)[0] }

// arguments are the words in capitals, and how many of them are needed.
func (v *verb) arguments() (words []string, needed int) {
	words = strings.Fields(v.use)[1:]
	isOptional := func(word string) bool { return strings.HasPrefix(word, "[") }
	if needed = slices.IndexFunc(words, isOptional); needed < 0 {
		needed = len(words)
	}
	return words, needed
}

// repeats reports whether the last argument may be given several times.
func (v *verb) repeats() bool { return strings.HasSuffix(v.use, "...") }

// become makes a command do what a verb does.
func (a *app) become(cmd *cobra.Command, opts *common, v *verb) {
	yes := false
	cmd.Use, cmd.Short, cmd.Long, cmd.Example = v.use+" [flags]", v.short, "", v.example
	if v.long != "" {
		cmd.Long = v.short + ".\n\n" + v.long
	}
	cmd.SilenceErrors, cmd.SilenceUsage, cmd.DisableFlagsInUseLine = true, true, true
	cmd.Flags().SortFlags = false
	if v.flags != nil {
		v.flags(cmd)
	}
	if v.confirm != nil {
		cmd.Flags().BoolVar(&yes, "yes", false, "don't ask")
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.Args = func(c *cobra.Command, args []string) error { return a.countArguments(c, v, args) }
	cmd.RunE = func(c *cobra.Command, args []string) error { return a.run(c, opts, v, args, yes) }
}

func (a *app) countArguments(c *cobra.Command, v *verb, args []string) error {
	want, needed := v.arguments()
	switch {
	case len(args) < needed:
		return a.badUsage(c, strings.TrimSuffix(want[len(args)], "...")+" is missing")
	case len(args) > len(want) && !v.repeats():
		return a.badUsage(c, fmt.Sprintf("%d argument(s) too many; quote a name that has spaces", len(args)-len(want)))
	}
	return nil
}

// run opens a session, does what the verb does, and prints the answer once the
// session is closed. An answer that stands is printed even if closing fails: it
// may hold a secret that nobody will see again.
func (a *app) run(c *cobra.Command, opts *common, v *verb, args []string, yes bool) error {
	if v.check != nil {
		if err := v.check(c.Flags().Changed); err != nil {
			return a.fail(c, err)
		}
	}
	if err := checkID(c, v, args); err != nil {
		return a.fail(c, err)
	}
	open := a.openPlace
	if v.open != nil {
		open = v.open
	}
	session, err := open(c, opts)
	if err != nil {
		return a.fail(c, err)
	}
	t := &task{
		ctx: c.Context(), service: session.Service, args: args, now: session.Now(), sites: session.Sites,
		call: manage.Call{Actor: session.Actor, Workspace: opts.workspace}, json: opts.json, stated: c.Flags().Changed,
		in: c.InOrStdin(), warn: func(line string) { fmt.Fprintln(c.ErrOrStderr(), "keystile: "+oneLine(line)) },
	}
	said, err := a.perform(c, v, t, yes)
	closeErr := session.Close()
	if err != nil {
		return a.fail(c, err)
	}
	if err := a.print(c, said, t); err != nil {
		return a.fail(c, said.unprinted(v, err))
	}
	if closeErr != nil {
		return a.fail(c, fmt.Errorf("close the store: %w", closeErr))
	}
	if said.then != nil {
		return a.fail(c, said.then)
	}
	return nil
}

// perform asks where that is due, and runs the verb.
func (a *app) perform(c *cobra.Command, v *verb, t *task, yes bool) (answer, error) {
	if v.confirm != nil && !yes {
		question, err := v.confirm(t)
		if err != nil {
			return answer{}, err
		}
		if err := a.ask(c, question); err != nil {
			return answer{}, err
		}
	}
	return v.run(t)
}

func (a *app) print(c *cobra.Command, said answer, t *task) error {
	// A reader that went away is an error to report, like a full disk: without
	// this, the process would end without a word.
	signal.Ignore(syscall.SIGPIPE)
	out := c.OutOrStdout()
	return said.print(out, t.json, &page{now: t.now, width: a.width(out)})
}

// unprinted says that nobody read the answer, and what is the case all the
// same.
func (said answer) unprinted(v *verb, err error) error {
	if v.changes {
		return fmt.Errorf("the answer can't be printed: %w; %s", err, cmp.Or(said.lost, "what was asked for is done"))
	}
	return fmt.Errorf("the answer can't be printed: %w", err)
}
