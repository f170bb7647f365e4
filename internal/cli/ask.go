package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

var (
	errNoTerminal = errors.New("this asks first, and there is no terminal to ask on: repeat it with --yes")
	errNotSure    = errors.New("nothing was done")
)

// ask asks on the terminal, and returns an error unless the answer is yes.
func (a *app) ask(c *cobra.Command, question string) error {
	in := c.InOrStdin()
	if !a.interactive(in) {
		return errNoTerminal
	}
	fmt.Fprint(c.ErrOrStderr(), plain(question)+" [y/N] ")
	line, err := bufio.NewReader(io.LimitReader(in, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return errNotSure
}

// isTerminal reports whether a stream is a character device with somebody
// behind it.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nobody, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, nobody)
}
