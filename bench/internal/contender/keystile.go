package contender

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/keystile/keystile/bench/internal/keyset"
)

// fleetKeys is how many keys a fleet's store has.
const fleetKeys = 10_000

// MetricsPath is where the contender of the fleet tells its metrics, on its
// side port.
const MetricsPath = "/metrics"

// SumsPath is where the contenders that put off sums of usage tell some, on their
// side port, to whoever has the token of their keys.
const SumsPath = "/v1/keys?limit=1"

// keystile keeps keys in a file, and limits in its own memory.
func keystile(t tuning) func(Place) ([]file, error) {
	return func(p Place) ([]file, error) {
		store := filepath.Join(p.Dir, "keys.db")
		if err := copyFile(store, p.Keys.Store); err != nil {
			return nil, err
		}
		return caddyfile(gated(p, "sqlite "+store, "local", t)), nil
	}
}

func keystileFleet(p Place) ([]file, error) {
	return caddyfile(gated(p, "postgres "+p.Postgres, "redis "+p.Redis, example)), nil
}

// gated is a site behind a gate that asks for a scope, limits, counts, and
// tells the client and the upstream in headers; and beside it a site for
// getting keys known, with the same gate and nothing behind it.
func gated(p Place, store, limiter string, t tuning) string {
	global := fmt.Sprintf(`	keystile {
		store %s
		limiter %s
		scope %s
		scope write:projects
		rate_limit live %d/s burst %d
		cache_size %d
	}
`, store, limiter, keyset.Scope, p.Limit.PerSecond, p.Limit.Burst, max(250_000, len(p.Keys.Known)*5/4))
	gate := fmt.Sprintf(`	keystile {
		credential bearer
		environment live test
		workspace default
		route GET /healthz public
		route GET /v1/projects %[1]s
		route POST /v1/projects write:projects
		route GET /v1/projects/{project} %[1]s
		route GET /v1/projects/{project}/* %[1]s
	}
`, keyset.Scope)
	side := fmt.Sprintf("\nhttp://127.0.0.1:%d {\n\thandle %s {\n\t\tmetrics\n\t}\n\thandle /v1/keys {\n\t\tkeystile_admin\n\t}\n\thandle {\n%s\trespond 200\n\t}\n}\n", p.Side, MetricsPath, gate)
	return site(p, global, gate, t) + side
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close() // what it would tell is less
		return err
	}
	return out.Close()
}
