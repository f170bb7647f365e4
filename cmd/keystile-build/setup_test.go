package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/xcaddy"
)

const good = `caddy = "v2.0.1"
output = "bin/caddy"
flags = ["-trimpath", "-ldflags=-s -w"]

[env]
CGO_ENABLED = "1"
GOAMD64 = "v2"

[[plugin]]
module = "example.com/here"
version = "v0.0.0"
replace = "."

[[plugin]]
module = "example.com/there"
version = "v1.2.3"
`

// fixture runs the command on a description, with a builder that only
// remembers what it was asked for.
type fixture struct {
	t      *testing.T
	dir    string
	config string
	fails  error

	built          int
	builder        xcaddy.Builder
	env            map[string]string
	output         string
	stdout, stderr bytes.Buffer
}

func setup(t *testing.T, description string) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir()}
	f.config = filepath.Join(f.dir, "xcaddy.toml")
	if err := os.WriteFile(f.config, []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) run(args ...string) int {
	f.t.Helper()
	return run(f.t.Context(), args, &f.stdout, &f.stderr, f.build)
}

func (f *fixture) build(_ context.Context, b xcaddy.Builder, env map[string]string, output string) error {
	f.built++
	f.builder, f.env, f.output = b, env, output
	return f.fails
}
