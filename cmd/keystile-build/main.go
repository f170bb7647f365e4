// Command keystile-build builds the Caddy that xcaddy.toml describes: which
// Caddy, which plugins, which flags. It drives the xcaddy library, since the
// xcaddy command reads no file.
//
//	go run ./cmd/keystile-build [-o FILE] [-config xcaddy.toml]
//
// It exits with 0 when the binary is there, 1 when building failed, and 2 when
// it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = "usage: keystile-build [-o FILE] [-config xcaddy.toml]"

// Exit statuses.
const (
	done     = 0
	failed   = 1
	badUsage = 2
)

func main() {
	// Interrupted, xcaddy still takes its temporary folder away.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, build)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, build builder) int {
	flags := flag.NewFlagSet("keystile-build", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // one line, written below
	output := flags.String("o", "", "")
	path := flags.String("config", "xcaddy.toml", "")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		return done
	case err != nil:
		fmt.Fprintf(stderr, "keystile-build: %v; %s\n", err, usage)
		return badUsage
	}
	if err := buildFrom(ctx, *path, *output, build); err != nil {
		fmt.Fprintf(stderr, "keystile-build: %v\n", err)
		return failed
	}
	return done
}
