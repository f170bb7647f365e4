package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/keystile/keystile/bench/internal/upstream"
)

// serve is this program as one of the small servers behind the proxies:
// "upstream ADDRESS", or "checker ADDRESS FILE" with a key in each line.
func serve(args []string) (served bool, err error) {
	switch {
	case len(args) == 2 && args[0] == "upstream":
		return true, serveUpstream(args[1])
	case len(args) == 3 && args[0] == "checker":
		return true, serveChecker(args[1], args[2])
	}
	return false, nil
}

func serveUpstream(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve the API: %w", err)
	}
	return upstream.Serve(l)
}

func serveChecker(address, file string) error {
	known, err := os.ReadFile(file) //nolint:gosec // named by the bench that starts this
	if err != nil {
		return fmt.Errorf("read the keys: %w", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve the checks: %w", err)
	}
	//nolint:gosec // on loopback, for a while
	return http.Serve(l, upstream.Checker(strings.Fields(string(known))))
}
