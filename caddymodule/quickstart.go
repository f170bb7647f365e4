package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/cli"
	"github.com/keystile/keystile/internal/echo"
)

const (
	quickstartUsage = "[--to URL] [--listen ADDR] [--data DIR] [--json]"
	quickstartShort = "Put a gate in front of an API, with keys to try it"
	quickstartLong  = `Serves a gate in front of --to (or of a built-in upstream that answers with what it
received), makes one live and one test key and a management token, and prints them
with lines to try. Started again on the same data, it keeps them.`
)

// quickstart is one run of the command.
type quickstart struct {
	to, listen, data string
	json             bool
	out              io.Writer
	caller           string // what our commands are called behind: keystile, or caddy keystile
}

func fillQuickstart(cmd *cobra.Command) {
	q := &quickstart{}
	flags := cmd.Flags()
	flags.StringVar(&q.to, "to", "", "the API to guard, such as http://localhost:9000 (default: a built-in echo)")
	flags.StringVar(&q.listen, "listen", "127.0.0.1:8080", "the address to serve on")
	flags.StringVar(&q.data, "data", "./keystile-data", "the folder for the database")
	flags.BoolVar(&q.json, "json", false, "print one line of JSON")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := cobra.NoArgs(cmd, args); err != nil {
			return exitWith(cmd, cli.StatusBadUsage, err)
		}
		return nil
	}
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exitWith(cmd, cli.StatusBadUsage, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.out, q.caller = cmd.OutOrStdout(), cmd.Parent().CommandPath()
		upstream, err := q.check()
		if err != nil {
			return exitWith(cmd, cli.StatusBadUsage, err)
		}
		if err := q.run(cmd.Context(), upstream); err != nil {
			return exitWith(cmd, cli.StatusFailed, err)
		}
		select {} // Caddy ends the process on a signal
	}
}

// check reads the flags before anything is made. upstream is where requests go;
// empty: to the built-in one.
func (q *quickstart) check() (upstream string, err error) {
	if _, _, err := net.SplitHostPort(q.listen); err != nil {
		return "", fmt.Errorf("--listen %s is no address: say HOST:PORT, such as 127.0.0.1:8080", q.listen)
	}
	if q.to == "" {
		return "", nil
	}
	u, err := url.Parse(q.to)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", fmt.Errorf("--to %s is no address of an API: say scheme, host and port, such as http://localhost:9000", q.to)
	}
	return u.Scheme + "://" + u.Host, nil
}

// run serves, and returns once it does.
func (q *quickstart) run(ctx context.Context, upstream string) error {
	if ctx == nil {
		ctx = context.Background()
	}
	site, err := q.prepare(upstream)
	if err != nil {
		return err
	}
	made, err := q.credentials(ctx, site.file)
	if err != nil {
		return err
	}
	adapted, err := adapt(site.file, site.caddyfile)
	if err != nil {
		return err
	}
	caddy.TrapSignals()
	if err := caddy.Load(adapted, true); err != nil {
		return err
	}
	made.URL, made.AdminURL = site.url, site.adminURL
	if q.json {
		return json.NewEncoder(q.out).Encode(made)
	}
	return q.print(made, site)
}

// quickstartSite is what a run serves.
type quickstartSite struct {
	file          string // of the configuration, for commands to name
	caddyfile     []byte
	url, adminURL string
}

// prepare settles addresses, writes the configuration and starts the built-in
// upstream where none is given.
func (q *quickstart) prepare(upstream string) (*quickstartSite, error) {
	host, port, err := net.SplitHostPort(q.listen)
	if err != nil {
		return nil, err
	}
	if err := probe(q.listen); err != nil {
		return nil, fmt.Errorf("can't listen on %s (%w): name another address with --listen", q.listen, err)
	}
	if err := os.MkdirAll(q.data, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for the database: %w", err)
	}
	data, err := filepath.Abs(q.data)
	if err != nil {
		return nil, fmt.Errorf("find the folder for the database: %w", err)
	}
	if upstream == "" {
		if upstream, err = startEcho(); err != nil {
			return nil, err
		}
	}
	adminPort, err := freePort(port)
	if err != nil {
		return nil, err
	}
	shown := host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		shown = "127.0.0.1"
	}
	site := &quickstartSite{
		file:      filepath.Join(data, "Caddyfile"),
		caddyfile: quickstartCaddyfile(data, host, port, adminPort, upstream),
		url:       "http://" + net.JoinHostPort(shown, port),
		adminURL:  "http://" + net.JoinHostPort("127.0.0.1", adminPort),
	}
	if err := os.WriteFile(site.file, site.caddyfile, 0o600); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return site, nil
}

// probe finds out whether an address is free, to say so before anything is made.
func probe(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			return op.Err
		}
		return err
	}
	return l.Close()
}

// freePort returns the port after the given one, or else any that is free.
func freePort(after string) (string, error) {
	if n, err := net.LookupPort("tcp", after); err == nil && n < 1<<16-1 {
		next := fmt.Sprint(n + 1)
		if probe(net.JoinHostPort("127.0.0.1", next)) == nil {
			return next, nil
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port for the management API: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

func startEcho() (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("start the built-in upstream: %w", err)
	}
	server := &http.Server{Handler: echo.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // ends with the process
	return "http://" + l.Addr().String(), nil
}
