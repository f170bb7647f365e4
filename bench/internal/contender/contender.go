// Package contender is who is compared: servers with their configuration, as
// somebody who wants keys in front of an API would write it.
package contender

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/proctime"
	"github.com/keystile/keystile/internal/servertest"
)

// Place is where a contender runs, and what it has to do with.
type Place struct {
	Dir      string // of its own
	Binary   string // of Caddy
	Port     int    // where it serves, on 127.0.0.1
	Side     int    // where it may serve, to get keys known sooner
	Upstream int    // port of the API
	Checker  int    // port of the server that knows keys
	Keys     *keyset.Set
	Limit    Limit
}

// Limit is what each key may ask for: a rate, and a bucket.
type Limit struct{ PerSecond, Burst int }

// Generous is a limit that no key of n reaches.
func Generous(n int) Limit {
	if n == 1 {
		return Limit{PerSecond: 100_000, Burst: 200_000}
	}
	return Limit{PerSecond: 100, Burst: 200} // as Caddyfile.example has it
}

// Contender is one of the compared.
type Contender struct {
	Name string
	// Says is one line for readers.
	Says string
	// Kind is what a user would call it: caddy, nginx, haproxy.
	program program
	// Gate: it knows keys, and so refuses the unknown ones.
	Gate bool
	// Limits: it has a limit for each key.
	Limits bool
	// Asks: it asks the checker about each request.
	Asks bool
	// Learns: it holds something for each key that it has met, and is measured
	// once it has met all.
	Learns bool
	// MaxKeys is up to how many keys it is run with; 0: any number.
	MaxKeys int
	// files writes its configuration; the first is the main one.
	files func(Place) ([]file, error)
}

type file struct{ name, text string }

// Meeting is the port on which a contender is to meet keys: one behind which
// nothing else is done, where it has one.
func (p Place) Meeting(c *Contender) int {
	if c.program.name == caddy.name {
		return p.Side
	}
	return p.Port
}

// Running is a contender at work.
type Running struct {
	program *servertest.Program
	// PIDs are all its processes.
	PIDs []int
}

// Start starts a contender in its place, and returns once it listens.
func (c *Contender) Start(p Place) (*Running, error) {
	files, err := c.files(p)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", c.Name, err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(p.Dir, f.name), []byte(f.text), 0o600); err != nil {
			return nil, fmt.Errorf("configure %s: %w", c.Name, err)
		}
	}
	path, args := c.program.command(p, files[0].name)
	started, err := servertest.StartProgram(p.Dir, fmt.Sprintf("127.0.0.1:%d", p.Port), path, args...)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	r := &Running{program: started}
	if r.PIDs, err = c.program.await(started.PID()); err != nil {
		_ = started.Close() // what it was started for is lost already
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return r, nil
}

// await waits until a server has all its processes, which may be after it
// listens.
func (p program) await(pid int) ([]int, error) {
	const times, pause = 500, 10 * time.Millisecond
	for range times {
		all, err := proctime.Family(pid)
		if err != nil || len(all) == p.processes {
			return all, err
		}
		time.Sleep(pause)
	}
	return nil, fmt.Errorf("it doesn't come to run as %d processes", p.processes)
}

// Log is the end of what it printed.
func (r *Running) Log() string { return r.program.Log() }

// Stop ends it.
func (r *Running) Stop() error { return r.program.Close() }
