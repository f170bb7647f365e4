package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// caddyfile is the gate's whole configuration, as its options have it now. In
// them, $PORT stands for the port of the site, $UPSTREAM for the address of the
// upstream, and $DIR for the gate's folder.
func (g *gate) caddyfile() string {
	behind := g.options.behind
	if behind == "" {
		behind = "reverse_proxy $UPSTREAM"
	}
	_, port, _ := net.SplitHostPort(g.addr)
	text := fmt.Sprintf(`{
	admin %s
	auto_https off
	persist_config off
	grace_period 5s
	metrics
%s
	keystile {
		store sqlite $DIR/keys.db
%s
	}
}

http://:$PORT {
	bind 127.0.0.1
	log
%s
	keystile {
%s
	}
	%s
}

%s
`, g.admin, g.options.global, g.options.app, g.options.before, g.options.policy, behind, g.options.sites)
	return strings.NewReplacer("$PORT", port, "$UPSTREAM", g.upstream.addr, "$DIR", g.dir).Replace(text)
}

func (g *gate) write(caddyfile string) {
	g.t.Helper()
	if err := os.WriteFile(g.config, []byte(caddyfile), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// reload makes the running process take a Caddyfile over, as `keystile reload`
// does, and commands read it from then on. The test fails where it is refused.
// To change one option: g.options.app = "…"; g.reload(g.caddyfile()).
func (g *gate) reload(caddyfile string) {
	g.t.Helper()
	if err := g.tryReload(caddyfile); err != nil {
		g.t.Fatal(err)
	}
	g.write(caddyfile)
}

// tryReload is reload for configurations that may be refused. It may be called
// from any goroutine.
func (g *gate) tryReload(caddyfile string) error {
	ask, err := http.NewRequest(http.MethodPost, "http://"+g.admin+"/load", strings.NewReader(caddyfile))
	if err != nil {
		return err
	}
	ask.Header.Set("Content-Type", "text/caddyfile")
	ask.Header.Set("Cache-Control", "must-revalidate") // even if nothing changed
	status, body, err := exchangeAdmin(ask)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("reload: %d %s", status, body)
	}
	return nil
}

var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

// freeAddr is a loopback address that nobody listens on. Its port is outside
// of the range from which the kernel takes those of outgoing connections, and
// is given out once.
func freeAddr(t testing.TB) string {
	t.Helper()
	const first, count, tries = 10_000, 20_000, 1000
	ports.Lock()
	defer ports.Unlock()
	for range tries {
		port := first + rand.IntN(count)
		if ports.given[port] {
			continue
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = listener.Close() // the port is free again
		ports.given[port] = true
		return addr
	}
	t.Fatal("no port is free")
	return ""
}

func accepts(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}
