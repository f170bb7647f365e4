package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"time"
)

// commandWithin is how long a command may take; an import of the full size takes
// longer.
var commandWithin = sized(20*time.Second, 5*time.Minute)

// command is what a command did.
type command struct {
	status   int
	out, err string
}

// cli runs a management command on the gate's configuration, with --json:
// gate.cli("keys", "list"). It may be called from any goroutine.
func (g *gate) cli(args ...string) command {
	return g.run(slices.Concat(g.program.manage, args, []string{"--config", g.config, "--json"})...)
}

// run runs any command of the binary, such as validate.
func (g *gate) run(args ...string) command { return g.runAs(func(*exec.Cmd) {}, args...) }

// runAs is run, once the command was changed. Streams that it doesn't set are
// read.
func (g *gate) runAs(change func(*exec.Cmd), args ...string) command {
	ctx, cancel := context.WithTimeout(context.Background(), commandWithin)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, g.program.path, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.dir, g.env(), &out, &errs
	change(cmd)
	done := command{status: 0}
	if err := cmd.Run(); err != nil {
		done.status = -1
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			done.status = exit.ExitCode()
		}
	}
	done.out, done.err = out.String(), errs.String()
	return done
}

// must is cli for commands that can't fail; the document that it printed goes
// into the value that `into` points to, if it isn't nil.
func (g *gate) must(into any, args ...string) {
	g.t.Helper()
	done := g.cli(args...)
	if done.status != 0 {
		g.t.Fatalf("%v: exit status %d: %s", args, done.status, done.err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(done.out), into); err != nil {
		g.t.Fatalf("%v printed %q: %v", args, done.out, err)
	}
}

// key is what a test knows about a key of the gate.
type key struct {
	ID        string    `json:"id"`
	Secret    string    `json:"secret"`
	Owner     string    `json:"owner"`
	ExpiresAt time.Time `json:"expires_at"`
}

// bearer is the header line that presents the key.
func (k key) bearer() string { return bearer(k.Secret) }

// key makes a key by the command, with its flags:
// gate.key("--scopes", "read", "--environment", "test").
func (g *gate) key(flags ...string) key {
	g.t.Helper()
	var made key
	g.must(&made, append([]string{"keys", "create", "a key"}, flags...)...)
	g.secret(made.Secret)
	return made
}

// use is what the store counted for a key.
type use struct {
	TotalCalls int64      `json:"total_calls"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// used asks `keys show` what was counted for a key so far.
func (g *gate) used(id string) use {
	g.t.Helper()
	var u use
	g.must(&u, "keys", "show", id)
	return u
}
