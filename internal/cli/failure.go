package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// errPrinted goes to cobra after a failure has been printed, for where exit
// returns.
var errPrinted = errors.New("failed, and said so")

// fail prints why a command did nothing, in one line, and exits.
func (a *app) fail(c *cobra.Command, err error) error {
	return a.leave(c, StatusFailed, err.Error())
}

// badUsage prints what is wrong with the command line, and where to read how
// it is done, in one line, and exits.
func (a *app) badUsage(c *cobra.Command, what string) error {
	return a.leave(c, StatusBadUsage, what+"; see "+c.CommandPath()+" --help")
}

func (a *app) leave(c *cobra.Command, status int, line string) error {
	fmt.Fprintln(c.ErrOrStderr(), "keystile: "+oneLine(line))
	a.exit(status)
	return errPrinted
}

// noVerb answers a group that was called without a verb that it knows.
func (a *app) noVerb(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return a.badUsage(c, fmt.Sprintf("%s has no command %q", c.Name(), args[0]))
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s\n\n%s", c.Short, c.UsageString())
	a.exit(StatusBadUsage)
	return errPrinted
}

// oneLine joins the lines of a text and drops what a terminal would obey.
func oneLine(text string) string {
	return plain(strings.Join(strings.Fields(text), " "))
}
