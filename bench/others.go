package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage/postgres"
)

// serveOthers starts what stays for all turns: the API, and what a fleet
// shares, where one is measured.
func (o *options) serveOthers(ctx context.Context, t *duel.Table) (leave func() error, err error) {
	var open []func() error
	leave = func() error {
		var failed []error
		for _, end := range slices.Backward(open) {
			failed = append(failed, end())
		}
		return errors.Join(failed...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, leave())
		}
	}()
	if t.Upstream, err = duel.FreePort(); err != nil {
		return nil, err
	}
	at := fmt.Sprintf("127.0.0.1:%d", t.Upstream)
	api, err := servertest.StartProgram(t.Dir, at, t.Self, "upstream", at)
	if err != nil {
		return nil, fmt.Errorf("start the API: %w", err)
	}
	open = append(open, api.Close)
	if !o.only.MatchString(contender.KeystileFleet) || t.Sets[duel.Usual] == nil {
		return leave, nil
	}
	redis, err := servertest.NewRedis()
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	open, t.Redis = append(open, redis.Close), redis.URL()
	server, err := servertest.NewPostgres()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	open = append(open, server.Close)
	return leave, share(ctx, server, t)
}

// share fills a database with the keys of a fleet.
func share(ctx context.Context, server *servertest.Postgres, t *duel.Table) error {
	const name = "bench"
	if err := server.Create(name); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	t.Postgres = server.DSN(name)
	cfg, err := postgres.ParseDSN(t.Postgres)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	store := postgres.Open(cfg)
	if err := t.Sets[duel.Usual].Fill(ctx, store); err != nil {
		return errors.Join(fmt.Errorf("fill the database: %w", err), store.Close())
	}
	return store.Close()
}

// build builds the binary behind every row that says Caddy.
func build(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, "./cmd/caddy") //nolint:gosec // a path of ours
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build Caddy: %w\n%s", err, said)
	}
	return nil
}
