package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// caddyfile is the gate's whole configuration, as its options have it now. In
// them, $PORT stands for the port of the site, $UPSTREAM for the address of the
// upstream, $ADMIN for that of Caddy's admin endpoint, and $DIR for the gate's
// folder.
func (g *gate) caddyfile() string {
	return g.expand(orElse(g.options.whole, g.options.composed()))
}

func (g *gate) expand(text string) string {
	_, port, _ := net.SplitHostPort(g.addr)
	return strings.NewReplacer("$PORT", port, "$UPSTREAM", g.upstream.addr, "$ADMIN", g.admin, "$DIR", g.dir).Replace(text)
}

// composed is a configuration of the parts that options are.
func (o options) composed() string {
	return fmt.Sprintf(`{
	admin $ADMIN
	auto_https off
	persist_config off
	grace_period 5s
	metrics
%s
	keystile {
		%s
		%s
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
`, o.global, o.storeLine(), o.limiterLine(), o.app, o.before, o.policy, orElse(o.behind, "reverse_proxy $UPSTREAM"), o.sites)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
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
	g.taken(caddyfile)
}

// taken is what follows a reload that was not refused.
func (g *gate) taken(caddyfile string) {
	g.t.Helper()
	g.write(caddyfile)
	// The kernel resets what waits for a listener that closes. (Caddy has the
	// old one and the new one share the port.)
	eventually(g.t, startWithin, "the old listeners are closed", func() bool {
		return listeners(g.t, g.addr) == 1 && listeners(g.t, g.admin) == 1
	})
}

// listeners counts the sockets that listen on an address of IPv4
// (proc_pid_net(5): the port in hexadecimal, and the state 0A).
func listeners(t testing.TB, addr string) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(port)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) && fields[3] == "0A" {
			n++
		}
	}
	return n
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
