package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// faulty is a program whose limiter and store panic where a test says so, and
// whose clock a test sets. The program under test has nothing of the kind.
func faulty(t testing.TB) *program {
	t.Helper()
	path, err := faultyBuild()
	if err != nil {
		t.Fatal(err)
	}
	return &program{path: path}
}

var faultyBuild = sync.OnceValues(func() (string, error) {
	overlay, err := clockOverlay()
	if err != nil {
		return "", err
	}
	return build("./faultygate", "faultygate", "-overlay", overlay)
})

// clockOverlay tells the go command to build with another clock in the place
// of the one in caddymodule.
func clockOverlay() (file string, err error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	right, err := filepath.Abs("../caddymodule/clock.go")
	if err != nil {
		return "", err
	}
	ours, err := filepath.Abs("testdata/clock.go")
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {right: ours}})
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// clockFile is where the clock of a faulty program stands.
func (g *gate) clockFile() string { return filepath.Join(g.dir, "clock") }

// stopClock stops the clock of the gate and of its commands at a time.
func (g *gate) stopClock(at time.Time) { g.setClock(at.UTC().Format(time.RFC3339Nano)) }

// runClock makes the clock run on, at a distance from the right time.
func (g *gate) runClock(ahead time.Duration) { g.setClock("by " + ahead.String()) }

// setClock puts another file in the place of the old one, so that nobody reads
// half of it.
func (g *gate) setClock(text string) {
	g.t.Helper()
	next := g.clockFile() + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(next, g.clockFile()); err != nil {
		g.t.Fatal(err)
	}
}
