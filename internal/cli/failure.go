package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// errPrinted goes to cobra after a failure has been printed, for where Exit
// returns.
var errPrinted = errors.New("failed, and said so")

// unconfirmed says that a revocation stands, and that not every gateway has
// confirmed it.
type unconfirmed struct{ text string }

// Error implements error.
func (e *unconfirmed) Error() string { return e.text }

// fail prints why a command did not do what it should, in one line, and exits.
func (a *app) fail(c *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*usageError](err); ok {
		return a.badUsage(c, wrong.text)
	}
	if says, status, ok := refusedValue(c, err); ok {
		if status == StatusBadUsage {
			return a.badUsage(c, says)
		}
		return a.leave(c, status, says+".")
	}
	if open, ok := errors.AsType[*unconfirmed](err); ok {
		return a.leave(c, StatusUnconfirmed, open.text)
	}
	return a.leave(c, StatusFailed, tell(err))
}

// tell is an error's text, with what a person needs beside it.
func tell(err error) string {
	text := err.Error()
	refused, ok := errors.AsType[*manage.Error](err)
	if !ok {
		return text
	}
	switch p := refused.Problem; {
	case p.Code == problem.InvalidToken, p.Code == problem.MissingToken:
		return text + " The token is malformed, deleted or expired: check --token or " + tokenVariable + "."
	case p.Code.Row().Type == problem.APIError && p.RequestID != "":
		return text + " (request " + p.RequestID + ")"
	}
	return text
}

// badUsage prints what is wrong with the command line, and where to read how
// it is done, in one line, and exits.
func (a *app) badUsage(c *cobra.Command, what string) error {
	return a.leave(c, StatusBadUsage, what+"; see "+c.CommandPath()+" --help")
}

func (a *app) leave(c *cobra.Command, status int, line string) error {
	fmt.Fprintln(c.ErrOrStderr(), "keystile: "+oneLine(line))
	a.Exit(status)
	return errPrinted
}

// noVerb answers a group that was called without a verb that it knows.
func (a *app) noVerb(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return a.badUsage(c, NoCommand(c, args[0]))
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s\n\n%s", c.Short, c.UsageString())
	a.Exit(StatusBadUsage)
	return errPrinted
}

// NoCommand says that a command has none of a name, and which ones of its
// commands may be meant.
func NoCommand(c *cobra.Command, typed string) string {
	said := fmt.Sprintf("%s has no command %q", c.Name(), typed)
	if meant := meantOf(c, typed); meant != "" {
		said += " (" + meant + ")"
	}
	return said
}

// Meant asks whether one of the names was meant that are close to what was
// typed; empty: none is.
func Meant(typed string, names []string) string {
	c := &cobra.Command{}
	for _, name := range names {
		c.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return meantOf(c, typed)
}

func meantOf(c *cobra.Command, typed string) string {
	c.SuggestionsMinimumDistance = 2 // letters, as cobra has it for its own messages
	if meant := c.SuggestionsFor(typed); len(meant) > 0 {
		return "did you mean " + strings.Join(meant, " or ") + "?"
	}
	return ""
}

// wrongFlag is what cobra says of a flag, and which one may be meant where it
// knows none of the name.
func wrongFlag(c *cobra.Command, err error) string {
	said := err.Error()
	typed, unknown := strings.CutPrefix(said, "unknown flag: --")
	if !unknown {
		return said
	}
	var names []string
	for usage := range strings.Lines(c.Flags().FlagUsages()) {
		if word, isFlag := strings.CutPrefix(strings.TrimSpace(usage), "--"); isFlag {
			names = append(names, strings.Fields(word)[0])
		}
	}
	if meant := Meant(typed, names); meant != "" {
		meant = strings.NewReplacer("did you mean ", "did you mean --", " or ", " or --").Replace(meant)
		return "unknown flag --" + typed + ": " + meant
	}
	return said
}

// oneLine joins the lines of a text and drops what a terminal would obey.
func oneLine(text string) string {
	return plain(strings.Join(strings.Fields(text), " "))
}
