package cli

import (
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

// maxReply is longer than any yes.
const maxReply = 64 // bytes

// ask asks on the terminal, and returns an error unless the answer is yes.
func (a *app) ask(c *cobra.Command, question string) error {
	in := c.InOrStdin()
	if !a.interactive(in) {
		return errNoTerminal
	}
	fmt.Fprint(c.ErrOrStderr(), plain(question)+" [y/N] ")
	line, err := readLine(in, maxReply)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return errNotSure
}

// readLine reads no more than one line, of at most so many bytes: what comes
// behind it may be for somebody else. The end of the input ends a line.
func readLine(in io.Reader, most int) (string, error) {
	var line []byte
	next := make([]byte, 1)
	for len(line) < most {
		n, err := in.Read(next)
		if n == 1 && next[0] == '\n' {
			break
		}
		line = append(line, next[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return string(line), nil
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
