package duel

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/load"
	"github.com/keystile/keystile/bench/internal/proctime"
)

// path is what is called.
const path = "/v1/projects/p1/items/7"

// turn is a cell being measured.
type turn struct {
	table     *Table
	cell      Cell
	contender *contender.Contender
	set       *keyset.Set
	place     contender.Place
	round     int
	pids      []int // of the contender
	help      []int // of the checker
}

// presented are the keys that a turn presents, and what it is to be told.
func (t *turn) presented() (keys []string, status int) {
	if t.cell.Refused {
		return t.set.Unknown, http.StatusUnauthorized
	}
	if hot := t.contender.Hot; hot > 0 {
		return t.set.Known[:hot], http.StatusOK
	}
	return t.set.Known, http.StatusOK
}

func (t *turn) list(port int) *load.Requests {
	keys, _ := t.presented()
	return load.NewRequests(address(port), path, keys, t.table.Seed+uint64(t.round))
}

// measure warms up, has what that left to do done, and then measures a slice.
func (t *turn) measure(ctx context.Context) (s Sample, err error) {
	if t.contender.Learns {
		if s.Met, s.Vain, err = t.meet(); err != nil {
			return Sample{}, fmt.Errorf("get keys known: %w", err)
		}
	}
	_, status := t.presented()
	list := t.list(t.place.Port)
	plan := load.Plan{Port: t.place.Port, Connections: t.table.Connections, For: t.table.Warm, Status: status}
	if _, err := load.Run(plan, list); err != nil {
		return Sample{}, fmt.Errorf("warm up: %w", err)
	}
	if err := t.settle(ctx); err != nil {
		return Sample{}, err
	}
	plan.For = t.table.Slice
	stop := t.profile(ctx, plan.For)
	if s, err = t.slice(ctx, s, plan, list); err != nil {
		return Sample{}, err
	}
	return s, stop()
}

// slice is what counts: the requests of a while, and what they leave to do.
func (t *turn) slice(ctx context.Context, s Sample, plan load.Plan, list *load.Requests) (Sample, error) {
	before, err := t.used(ctx)
	if err != nil {
		return Sample{}, err
	}
	result, err := load.Run(plan, list)
	if err != nil {
		return Sample{}, err
	}
	if err := t.settle(ctx); err != nil {
		return Sample{}, err
	}
	after, err := t.used(ctx)
	if err != nil {
		return Sample{}, err
	}
	n := time.Duration(result.Requests)
	s.Requests, s.Took, s.Helper = result.Requests, (after.own-before.own)/n, (after.helper-before.helper)/n
	s.PerSecond, s.P50, s.P99 = result.PerSecond(), result.Quantile(0.5), result.Quantile(0.99)
	if s.Waits = after.waits - before.waits; !t.contender.Fleet {
		s.Waits = -1
	}
	s.Memory, err = proctime.Held(t.pids)
	return s, err
}

// meet presents each key once, and again where somebody was too busy to say
// what it is. It returns what each key took, and how many were presented in vain.
func (t *turn) meet() (each time.Duration, vain int, err error) {
	before, err := proctime.Used(t.pids)
	if err != nil {
		return 0, 0, err
	}
	keys, status := t.presented()
	port := t.place.Meeting(t.contender)
	// More at once would be a flood, for which a store or Redis has bounds.
	plan := load.Plan{
		Port: port, Connections: t.table.Connections / 4, Depth: 8, Requests: len(keys),
		Status: status, Busy: http.StatusServiceUnavailable,
	}
	if t.contender.Fleet {
		plan.Depth = 1
	}
	first, err := load.Run(plan, t.list(port))
	if err != nil {
		return 0, 0, err
	}
	after, err := t.rest()
	if err == nil && first.Busy > 0 {
		plan.Busy = 0
		if _, err = load.Run(plan, t.list(port)); err == nil {
			_, err = t.rest()
		}
	}
	return (after - before) / time.Duration(len(keys)), first.Busy, err
}

// used is what had been used up at some moment.
type used struct {
	own, helper time.Duration
	waits       int
}

func (t *turn) used(ctx context.Context) (u used, err error) {
	if t.contender.Fleet {
		if u.waits, err = waits(ctx, t.place.Side); err != nil {
			return used{}, err
		}
	}
	if u.own, err = proctime.Used(t.pids); err != nil {
		return used{}, err
	}
	u.helper, err = proctime.Used(t.help)
	return u, err
}
