package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// beside starts another gate on the same database.
func (g *gate) beside(o options) *gate {
	g.t.Helper()
	o.store = g.db
	return setup(g.t, o)
}

// registered are the gateways that the store knows.
func (g *gate) registered() (nodes []storage.Node) {
	g.t.Helper()
	store, err := openStore(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	ctx := context.Background()
	if err := store.View(ctx, func(r storage.Reader) (err error) {
		nodes, err = r.Nodes(ctx)
		return err
	}); err != nil {
		g.t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		g.t.Fatal(err)
	}
	return nodes
}

// awaitRegistered waits until the store knows so many gateways.
func (g *gate) awaitRegistered(n int) {
	g.t.Helper()
	eventually(g.t, startWithin, fmt.Sprintf("%d gateways are registered", n), func() bool { return len(g.registered()) == n })
}

// revokedKey is what the API and the commands say of a revoked key.
type revokedKey struct {
	Status  string
	Receipt struct {
		Revision, Nodes int
		Confirmed       bool
		ConfirmedAt     *time.Time `json:"confirmed_at"`
		Pending         []string
	}
}

// revoke revokes a key over the API. It may be called from any goroutine.
func (m *managed) revoke(id, wait string) (out revokedKey, err error) {
	body := "{}"
	if wait != "" {
		body = `{"wait":"` + wait + `"}`
	}
	ask, err := http.NewRequest(http.MethodPost, m.address+"/v1/keys/"+id+"/revoke", strings.NewReader(body))
	if err != nil {
		return out, err
	}
	ask.Header.Set("Authorization", "Bearer "+m.token)
	ask.Header.Set("Content-Type", "application/json")
	ask.Close = true
	got, err := http.DefaultClient.Do(ask)
	if err != nil {
		return out, err
	}
	defer got.Body.Close()
	said, err := io.ReadAll(got.Body)
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("revoke: %d %s", got.StatusCode, said)
	}
	if err == nil {
		err = json.Unmarshal(said, &out)
	}
	return out, err
}

// revokeByCommand is revoke by a process of its own on the same database.
func (m *managed) revokeByCommand(id, wait string) (out revokedKey, status int, err error) {
	done := m.cli("keys", "revoke", id, "--wait", wait)
	if err = json.Unmarshal([]byte(done.out), &out); err != nil {
		err = fmt.Errorf("exit status %d, %q: %w", done.status, done.err, err)
	}
	return out, done.status, err
}

// freeze stops a gate in the middle of whatever it does, and returns once it
// stands still.
func (g *gate) freeze(t testing.TB) {
	t.Helper()
	g.process.signal(syscall.SIGSTOP)
	eventually(t, startWithin, "the gate stands still", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.process.cmd.Process.Pid))
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && strings.HasPrefix(state, "T")
	})
}

func (g *gate) thaw() { g.process.signal(syscall.SIGCONT) }
