package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/inprocess"
	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/report"
)

// root is the module that is measured, from the folder of this one.
const root = ".."

// run measures everything, and returns it as Markdown.
func (o *options) run(ctx context.Context) (text string, err error) {
	dir, err := os.MkdirTemp("", "keystile-bench-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	table, leave, err := o.lay(ctx, dir)
	if err != nil {
		return "", err
	}
	groups := duel.Plan(o.keys, o.only)
	results, err := o.rally(ctx, table, groups)
	if err = errors.Join(err, leave()); err != nil {
		return "", err
	}
	figures, err := o.figures(ctx)
	if err != nil {
		return "", err
	}
	r := &report.Report{Groups: groups, Results: results, Figures: figures, Seed: o.seed}
	r.Facts = o.facts(ctx, began, table.Binary)
	var b strings.Builder
	err = r.Write(&b)
	return b.String(), err
}

// lay makes keys, builds Caddy, and starts the servers that stay.
func (o *options) lay(ctx context.Context, dir string) (*duel.Table, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program: %w", err)
	}
	t := &duel.Table{
		Dir: dir, Self: self, Binary: filepath.Join(dir, "caddy"), Connections: o.connections,
		Warm: o.warm, Slice: o.slice, Seed: o.seed, Profiles: o.profiles, Sets: map[int]*keyset.Set{},
	}
	for _, n := range o.keys {
		say("getting %d keys", n)
		if t.Sets[n], err = keyset.Get(ctx, o.cache, n); err != nil {
			return nil, nil, err
		}
	}
	say("building Caddy")
	if err := build(ctx, t.Binary); err != nil {
		return nil, nil, err
	}
	leave, err := o.serveOthers(ctx, t)
	return t, leave, err
}

// rally has everybody take turns.
func (o *options) rally(ctx context.Context, t *duel.Table, groups []duel.Group) (duel.Results, error) {
	results, random := duel.Results{}, rand.New(rand.NewPCG(o.seed, 2)) //nolint:gosec // an order that can be repeated
	for round := range o.rounds {
		for _, cell := range duel.Turns(groups, round, random) {
			sample, err := o.take(ctx, t, cell, round)
			if err != nil {
				return nil, err
			}
			results.Add(cell, round, sample)
			say("round %d of %d: %s, %d keys: %v a request, %.0f a second", round+1, o.rounds, cell.Contender, cell.Keys, sample.Took, sample.PerSecond)
		}
	}
	return results, nil
}

// take has a turn taken, and taken again where it fails: an answer that isn't
// the expected one voids a turn, and only the second one the whole run. What
// was void is told with the figures.
func (o *options) take(ctx context.Context, t *duel.Table, cell duel.Cell, round int) (duel.Sample, error) {
	sample, err := t.Take(ctx, cell, round)
	if err == nil || ctx.Err() != nil {
		return sample, err
	}
	why, _, _ := strings.Cut(err.Error(), "\n")
	o.void = append(o.void, why)
	say("once more, since this turn is void: %v", err)
	return t.Take(ctx, cell, round)
}

// figures runs the benchmarks of packages.
func (o *options) figures(ctx context.Context) (inprocess.Figures, error) {
	figures := inprocess.Figures{}
	if !o.inside {
		return figures, nil
	}
	for _, suite := range inprocess.Suites {
		say("benchmarks of %s", suite.Package)
		if err := suite.Run(ctx, root, figures); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// publish puts the figures into a document.
func publish(path, text string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("publish the figures: %w", err)
	}
	with, err := report.Into(string(document), text)
	if err != nil {
		return fmt.Errorf("publish the figures in %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(with), 0o644) //nolint:gosec // a page of the documentation
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}
