// Package e2e tests the whole binary from outside: it is started with a
// Caddyfile of its own in front of an upstream that records every byte, asked
// over plain sockets and by its commands, and stopped by a signal.
//
// KEYSTILE_BIN names a binary to test in place of a fresh build of
// cmd/keystile; an xcaddy build will do.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	ownMounts()
	status := m.Run()
	running.Load().close()
	stopServers()
	removeBuilds()
	os.Exit(status)
}

// program is the binary under test.
type program struct {
	path string
	// manage is what stands before the management commands: nothing in our
	// own binary, "keystile" in one that is Caddy's first.
	manage []string
}

var buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "keystile-e2e-") })

func removeBuilds() {
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir) // of no use any more, but of no harm either
	}
}

// build makes a binary of a package of this module, with further flags of go
// build; the go command caches all but the last step.
func build(pkg, name string, flags ...string) (string, error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	args := slices.Concat([]string{"build", "-o", path}, flags, []string{pkg})
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

var underTest = sync.OnceValues(func() (program, error) {
	path := os.Getenv("KEYSTILE_BIN")
	if path == "" {
		var err error
		if path, err = build("../cmd/keystile", "keystile"); err != nil {
			return program{}, err
		}
	}
	p := program{path: path}
	if exec.Command(path, "keys", "--help").Run() != nil {
		p.manage = []string{"keystile"}
	}
	return p, nil
})

// tested is the one program that all tests share.
func tested(t testing.TB) program {
	t.Helper()
	p, err := underTest()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
