// Package duel has contenders do the same work in turns: each turn is a fresh
// process, and each round has a turn of everybody, in another order.
package duel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/load"
	"github.com/keystile/keystile/bench/internal/proctime"
	"github.com/keystile/keystile/internal/servertest"
)

// path is what is called.
const path = "/v1/projects/p1/items/7"

// Cell is one line of the result: somebody, doing something.
type Cell struct {
	Contender *contender.Contender
	Keys      int
	Refused   bool // the keys are nobody's
}

// Sample is what one turn came to.
type Sample struct {
	// Took is processor time of the contender's processes for each request;
	// Helper is that of the server that it asks.
	Took, Helper time.Duration
	PerSecond    float64
	P50, P99     time.Duration
	Memory       proctime.Memory
	// Met is processor time for each key that was met for the first time; 0
	// where that was not measured.
	Met time.Duration
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
	Sets        map[int]*keyset.Set
}

// turn is a cell being measured.
type turn struct {
	table *Table
	cell  Cell
	set   *keyset.Set
	place contender.Place
	seed  uint64
	pids  []int // of the contender
	help  []int // of the checker
}

// Take starts the contender of a cell, has it do its work, and ends it.
func (t *Table) Take(ctx context.Context, c Cell, round int) (sample Sample, err error) {
	dir, err := os.MkdirTemp(t.Dir, "turn-")
	if err != nil {
		return Sample{}, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ports, err := freePorts(3)
	if err != nil {
		return Sample{}, err
	}
	set := t.Sets[c.Keys]
	turn := &turn{table: t, cell: c, set: set, seed: t.Seed + uint64(round), place: contender.Place{
		Dir: dir, Binary: t.Binary, Port: ports[0], Side: ports[1], Checker: ports[2],
		Upstream: t.Upstream, Keys: set, Limit: contender.Generous(c.Keys),
	}}
	if c.Contender.Asks {
		helper, err := servertest.StartProgram(dir, address(ports[2]), t.Self, "checker", address(ports[2]), set.File)
		if err != nil {
			return Sample{}, fmt.Errorf("start the server that knows keys: %w", err)
		}
		defer func() { err = errors.Join(err, helper.Close()) }()
		turn.help = []int{helper.PID()}
	}
	running, err := c.Contender.Start(turn.place)
	if err != nil {
		return Sample{}, err
	}
	turn.pids = running.PIDs
	sample, err = turn.measure(ctx)
	if err != nil {
		err = fmt.Errorf("%s with %d keys: %w\n%s", c.Contender.Name, c.Keys, err, running.Log())
	}
	return sample, errors.Join(err, running.Stop())
}

// measure warms up, and then measures a slice.
func (t *turn) measure(ctx context.Context) (s Sample, err error) {
	keys, status := t.set.Known, http.StatusOK
	if t.cell.Refused {
		keys, status = t.set.Unknown, http.StatusUnauthorized
	}
	list := load.NewRequests(address(t.place.Port), path, keys, t.seed)
	if t.cell.Contender.Learns {
		if s.Met, err = t.meet(keys, status); err != nil {
			return Sample{}, fmt.Errorf("get keys known: %w", err)
		}
	}
	plan := load.Plan{Port: t.place.Port, Connections: t.table.Connections, For: t.table.Warm, Status: status}
	if _, err := load.Run(plan, list); err != nil {
		return Sample{}, fmt.Errorf("warm up: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	plan.For = t.table.Slice
	return t.slice(s, plan, list)
}

func (t *turn) slice(s Sample, plan load.Plan, list *load.Requests) (Sample, error) {
	before, err := t.used()
	if err != nil {
		return Sample{}, err
	}
	result, err := load.Run(plan, list)
	if err != nil {
		return Sample{}, err
	}
	after, err := t.used()
	if err != nil {
		return Sample{}, err
	}
	n := time.Duration(result.Requests)
	s.Took, s.Helper = (after.own-before.own)/n, (after.helper-before.helper)/n
	s.PerSecond, s.P50, s.P99 = result.PerSecond(), result.Quantile(0.5), result.Quantile(0.99)
	s.Memory, err = proctime.Held(t.pids)
	return s, err
}

// meet presents each key once.
func (t *turn) meet(keys []string, status int) (time.Duration, error) {
	before, err := t.used()
	if err != nil {
		return 0, err
	}
	port := t.place.Meeting(t.cell.Contender)
	if _, err := load.Run(load.Plan{
		Port: port, Connections: t.table.Connections, Depth: 8, Requests: len(keys), Status: status,
	}, load.NewRequests(address(port), path, keys, t.seed)); err != nil {
		return 0, err
	}
	after, err := t.used()
	return (after.own - before.own) / time.Duration(len(keys)), err
}

type used struct{ own, helper time.Duration }

func (t *turn) used() (u used, err error) {
	if u.own, err = proctime.Used(t.pids); err != nil {
		return used{}, err
	}
	u.helper, err = proctime.Used(t.help)
	return u, err
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

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
