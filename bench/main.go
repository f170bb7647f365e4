// Command bench measures Keystile beside what a user would pick instead: the
// same requests, on the same machine, in turns. It prints Markdown.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	served, err := serve(os.Args[1:])
	if !served {
		err = bench(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bench does what the flags say.
func bench(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := pin(); err != nil {
		return err
	}
	text, err := o.run(ctx)
	if err != nil {
		return err
	}
	fmt.Print(text)
	if o.write == "" {
		return nil
	}
	return publish(o.write, text)
}
