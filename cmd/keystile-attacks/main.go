// Command keystile-attacks says what came of each line of docs/attacks.md: it
// runs the tests whose names bear the line's ID, or reads what `go test -json`
// printed elsewhere.
//
//	go run ./cmd/keystile-attacks [-page docs/attacks.md] [RECORDED…]
//
// It is run in the module's root, and prints a line for each ID on standard
// output. It exits with 0 when each ID has a test that ran and passed, and none
// that failed; else with 1, and with 2 when it was called wrongly.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const usage = "usage: keystile-attacks [-page docs/attacks.md] [RECORDED…]"

// Exit statuses.
const (
	done     = 0
	failed   = 1
	badUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("keystile-attacks", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // one line, written below
	path := flags.String("page", "docs/attacks.md", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		return done
	case err != nil:
		fmt.Fprintf(stderr, "keystile-attacks: %v; %s\n", err, usage)
		return badUsage
	}
	all, err := try(ctx, *path, flags.Args(), stderr)
	if err != nil {
		fmt.Fprintf(stderr, "keystile-attacks: %v\n", err)
		return failed
	}
	if !all.print(stdout) {
		return failed
	}
	return done
}

// try is what came of the lines of a page in recorded runs, or in one of now.
func try(ctx context.Context, path string, recorded []string, progress io.Writer) (results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return results{}, err
	}
	lines, err := read(string(text))
	if err != nil {
		return results{}, fmt.Errorf("read %s: %w", path, err)
	}
	all := resultsOf(lines)
	for _, name := range recorded {
		if err := all.addFile(name, progress); err != nil {
			return results{}, err
		}
	}
	if len(recorded) > 0 {
		return all, nil
	}
	named, err := testsIn(os.DirFS("."), idsOf(lines))
	if err != nil {
		return results{}, err
	}
	return all, all.addRun(ctx, named, progress)
}

func (all results) addFile(name string, progress io.Writer) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return all.add(bytes.NewReader(text), progress)
}

// addRun runs tests. That some fail is no error: it is in their results.
func (all results) addRun(ctx context.Context, named []test, progress io.Writer) error {
	args := append([]string{"test", "-json", "-count=1", "-p=1", "-timeout=60m", "-run", pattern(named)}, packages(named)...)
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // names of our own tests and packages
	command.Stderr = progress
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("run the tests: %w", err)
	}
	reading := all.add(out, progress)
	var exit *exec.ExitError
	if err := command.Wait(); err != nil && (!errors.As(err, &exit) || len(all.bad) == 0) {
		return fmt.Errorf("run the tests: %w", err)
	}
	return reading
}
