package contender

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/keystile/keystile/bench/internal/keyset"
)

// keystile asks for a scope, limits, counts, and tells the client and the
// upstream in headers.
func keystile(transport string) func(Place) ([]file, error) {
	return func(p Place) ([]file, error) {
		store := filepath.Join(p.Dir, "keys.db")
		if err := copyFile(store, p.Keys.Store); err != nil {
			return nil, err
		}
		global := fmt.Sprintf(`	keystile {
		store sqlite %s
		limiter local
		scope %s
		scope write:projects
		rate_limit live %d/s burst %d
		cache_size %d
	}
`, store, keyset.Scope, p.Limit.PerSecond, p.Limit.Burst, max(250_000, len(p.Keys.Known)*5/4))
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
		text := site(p, global, gate, transport)
		return caddyfile(text + fmt.Sprintf("\nhttp://127.0.0.1:%d {\n%s\trespond 200\n}\n", p.Side, gate)), nil
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
