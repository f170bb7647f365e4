// Package duel has contenders do the same work in turns: each turn is a fresh
// process, and each round has a turn of everybody, in another order.
package duel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/proctime"
	"github.com/keystile/keystile/internal/servertest"
)

// Cell is one line of the result: somebody, doing something.
type Cell struct {
	Contender string // its name
	Keys      int
	Refused   bool // the keys are nobody's
}

// Sample is what one turn came to.
type Sample struct {
	Requests int
	// Took is processor time of the contender's processes for each request;
	// Helper is that of the server that it asks.
	Took, Helper time.Duration
	PerSecond    float64
	P50, P99     time.Duration
	Memory       proctime.Memory
	// Met is processor time for each key that was met for the first time; 0
	// where keys needn't be met.
	Met time.Duration
	// Vain is how many of these keys had to be presented again, since a 503
	// was the answer.
	Vain int
	// Waits counts the requests that waited for the store or for Redis; -1
	// where that can't be told.
	Waits int
}

// Table is where turns are taken.
type Table struct {
	Dir         string // of the run
	Binary      string // of Caddy
	Self        string // this program, which is the small servers, too
	Upstream    int    // port
	Connections int
	Warm, Slice time.Duration
	Seed        uint64
	Profiles    string // folder for processor profiles of Caddy; empty: none
	Sets        map[int]*keyset.Set
	// Postgres and Redis are URLs of what a fleet shares.
	Postgres, Redis string
}

// Take starts the contender of a cell, has it do its work, and ends it.
func (t *Table) Take(ctx context.Context, c Cell, round int) (sample Sample, err error) {
	dir, err := os.MkdirTemp(t.Dir, "turn-")
	if err != nil {
		return Sample{}, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	turn, err := t.seat(c, dir, round)
	if err != nil {
		return Sample{}, err
	}
	if turn.contender.Asks {
		helper, err := turn.helper(t.Self)
		if err != nil {
			return Sample{}, err
		}
		defer func() { err = errors.Join(err, helper.Close()) }()
	}
	running, err := turn.contender.Start(turn.place)
	if err != nil {
		return Sample{}, err
	}
	turn.pids = running.PIDs
	sample, err = turn.measure(ctx)
	if err != nil {
		err = fmt.Errorf("%s with %d keys: %w\n%s", c.Contender, c.Keys, err, running.Log())
	}
	return sample, errors.Join(err, running.Stop())
}

// seat finds a place for a turn.
func (t *Table) seat(c Cell, dir string, round int) (*turn, error) {
	ports, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	set := t.Sets[c.Keys]
	next := &turn{table: t, cell: c, contender: contender.Find(c.Contender), set: set, round: round, place: contender.Place{
		Dir: dir, Binary: t.Binary, Port: ports[0], Side: ports[1], Checker: ports[2],
		Upstream: t.Upstream, Keys: set, Postgres: t.Postgres, Redis: t.Redis,
	}}
	keys, _ := next.presented()
	next.place.Limit = contender.Generous(len(keys))
	if t.Profiles != "" {
		next.place.Admin = ports[3]
	}
	return next, nil
}

// helper starts the server that knows keys.
func (t *turn) helper(self string) (*servertest.Program, error) {
	at := address(t.place.Checker)
	helper, err := servertest.StartProgram(t.place.Dir, at, self, "checker", at, t.set.File)
	if err != nil {
		return nil, fmt.Errorf("start the server that knows keys: %w", err)
	}
	t.help = []int{helper.PID()}
	return helper, nil
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// FreePort finds a port of loopback that nobody has at the moment.
func FreePort() (int, error) {
	ports, err := freePorts(1)
	if err != nil {
		return 0, err
	}
	return ports[0], nil
}

// freePorts finds ports that nobody has at the moment.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
