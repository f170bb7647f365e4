package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
)

// options say how a gate differs from a bare one in front of an upstream.
type options struct {
	app      string    // lines of the global keystile block, beside the store
	driver   string    // of the store; empty: sqlite, or what placed says
	store    string    // path or address of the database; empty: $DIR/keys.db, or a new one on a server
	limiter  string    // and its arguments; empty: what app says, or placed
	policy   string    // lines of the site's keystile block
	global   string    // more global options
	before   string    // lines of the site before the gate
	behind   string    // what stands behind the gate; empty: a reverse_proxy to the upstream
	sites    string    // whole sites beside it
	whole    string    // the whole configuration, in place of all of these
	upstream *upstream // nil: one that answers 200
	files    int       // how many files the process may have open; 0: as many as the machine lets it
	program  *program  // nil: the binary under test
	env      []string  // variables, each as NAME=VALUE
	// prefixes are what planted keys begin with; nil: as Keystile's own.
	prefixes map[keys.Environment]string
	// panics says that the test makes the gate panic, so that the log may say so.
	panics bool
}

// gate is one running process with one gated site.
type gate struct {
	t        testing.TB
	options  options
	program  program
	upstream *upstream

	dir    string // home, working directory and all files
	addr   string // of the site: IP and port
	admin  string // of Caddy's admin endpoint
	config string // path of the Caddyfile
	db     string // path of the database, or its address on a server

	redis *servertest.Redis // of its limiter, where the test has one

	process *process // nil before start and after stop

	mu      sync.Mutex
	secrets []string
}

const (
	startWithin = 20 * time.Second
	stopWithin  = 20 * time.Second
)

// setup starts a gate, and stops it at the end of the test.
func setup(t testing.TB, o options) *gate {
	t.Helper()
	g := prepare(t, o)
	g.start()
	return g
}

// prepare is setup without the start.
func prepare(t testing.TB, o options) *gate {
	t.Helper()
	g := &gate{t: t, options: o, upstream: o.upstream, dir: t.TempDir(), addr: freeAddr(t), admin: freeAddr(t)}
	if g.upstream == nil {
		g.upstream = newUpstream(t, answerOK)
	}
	if o.program != nil {
		g.program = *o.program
	} else {
		g.program = tested(t)
	}
	g.config, g.db = filepath.Join(g.dir, "Caddyfile"), filepath.Join(g.dir, "keys.db")
	g.placed()
	g.write(g.caddyfile())
	t.Cleanup(g.finish)
	return g
}

// start starts the process and waits until the site takes connections and the
// store can be used.
func (g *gate) start() {
	g.t.Helper()
	var err error
	if g.process, err = launch(g, "run", "--config", g.config, "--adapter", "caddyfile"); err != nil {
		g.t.Fatal(err)
	}
	up := func() bool { return g.process.ended() || accepts(g.addr) && g.storeIsReady() }
	if !becomes(startWithin, up) || g.process.ended() {
		g.t.Fatalf("the gate doesn't serve:\n%s", g.log())
	}
}

// stop sends SIGTERM and returns the exit status; a process that doesn't end
// fails the test.
func (g *gate) stop() int {
	g.t.Helper()
	p := g.process
	g.process = nil
	status, ok := p.end(syscall.SIGTERM, stopWithin)
	if !ok {
		g.t.Errorf("the gate didn't end within %v of SIGTERM:\n%s", stopWithin, g.log())
	}
	return status
}

// kill sends SIGKILL and waits for the end.
func (g *gate) kill() {
	g.t.Helper()
	p := g.process
	g.process = nil
	p.end(syscall.SIGKILL, stopWithin)
}

// finish is the end of every test: the process goes in peace, and neither a
// panic nor a secret is in anything that it wrote.
func (g *gate) finish() {
	if g.process != nil {
		if status := g.stop(); status != 0 {
			g.t.Errorf("exit status %d after SIGTERM:\n%s", status, g.log())
		}
	}
	log := g.log()
	if !g.options.panics && strings.Contains(log, "panic") {
		g.t.Errorf("the gate panicked:\n%s", log)
	}
	if strings.Contains(log, "DATA RACE") {
		g.t.Errorf("a data race:\n%s", log)
	}
	g.checkLeaks()
}

// log is what the process has written so far, to either stream.
func (g *gate) log() string {
	text, err := os.ReadFile(g.logFile())
	if err != nil && !os.IsNotExist(err) {
		g.t.Error(err)
	}
	return string(text)
}

func (g *gate) logFile() string { return filepath.Join(g.dir, "log") }
