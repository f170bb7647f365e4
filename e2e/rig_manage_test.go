package e2e

import (
	"encoding/json"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// managed is a gate with the management API beside it.
type managed struct {
	*gate
	address string // of the API
	token   string // an operator's
}

func setupManaged(t *testing.T, o options) *managed {
	t.Helper()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	o.sites += "\nhttp://:" + port + " {\n\tbind 127.0.0.1\n\tkeystile_admin\n}\n"
	m := &managed{gate: setup(t, o), address: "http://" + addr}
	m.token = m.newToken("operator", "--all-workspaces")
	return m
}

// newToken makes a management token by the command.
func (m *managed) newToken(name string, flags ...string) string {
	m.t.Helper()
	var made key
	m.must(&made, append([]string{"tokens", "create", name}, flags...)...)
	m.secret(made.Secret)
	return made.Secret
}

// over runs a command over the API, with --json. The token comes by the
// environment.
func (m *managed) over(args ...string) command {
	return m.runAs(m.remote, slices.Concat(m.program.manage, args, []string{"--json"})...)
}

// remote names the API and the token to a command.
func (m *managed) remote(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, "KEYSTILE_API="+m.address, "KEYSTILE_TOKEN="+m.token)
}

// document is the one that a command printed; a command that failed fails the
// test.
func (m *managed) document(done command) map[string]any {
	m.t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(done.out), &doc); done.status != 0 || err != nil {
		m.t.Fatalf("exit status %d: %s%s (%v)", done.status, done.out, done.err, err)
	}
	if text, ok := doc["secret"].(string); ok {
		m.secret(text)
	}
	return doc
}

// failed reports whether a command failed as it should: with a status, and one
// line on standard error.
func (c command) failed(status int, says string) bool {
	return c.status == status && c.out == "" && strings.Contains(c.err, says) && strings.Count(c.err, "\n") == 1
}
