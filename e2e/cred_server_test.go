package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestOldPrefixIsTakenAsLongAsTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	const secret = "sk-prism-0123456789abcdef"
	g := setup(t, options{app: "accept_prefix live sk-prism- unchecked"})
	g.plantSecret(secret)
	tryAll(t, g, []attempt{
		{name: "CRED-14 enabled", target: "/", lines: []string{bearer(secret)}, status: http.StatusOK},
		{name: "CRED-14 enabled, another secret", target: "/", lines: []string{bearer(secret + "0")},
			status: http.StatusUnauthorized, code: "unknown_key"},
	})
	g.options.app = ""
	g.reload(g.caddyfile())
	tryAll(t, g, []attempt{
		{name: "CRED-14 disabled", target: "/", lines: []string{bearer(secret)}, status: http.StatusUnauthorized, code: "malformed_key"},
	})
}

func TestLongTokenCostsLittle(t *testing.T) {
	t.Parallel()
	t.Run("CRED-16 processor time of a long token", timeLongToken)
}

func timeLongToken(t *testing.T) {
	const times, most = 300, time.Millisecond
	g := setup(t, options{global: "servers {\n max_header_size 64KiB\n}"})
	c := g.connect()
	ask := g.request(http.MethodGet, "/", bearer(strings.Repeat("A", 20<<10)))
	before := g.process.cpu(t)
	for range times {
		got, err := c.exchange(ask)
		if err != nil {
			t.Fatal(err)
		}
		if got.code() != "malformed_key" {
			t.Fatalf("answered %v", got)
		}
	}
	if each := (g.process.cpu(t) - before) / times; each > most {
		t.Errorf("a token of 20 KB cost %v of CPU, want at most %v", each, most)
	}
	if strings.Contains(g.log(), "AAAA") {
		t.Error("the token is in the log")
	}
}

// cpu is the time on a processor that a process has used so far, in steps of
// 10 ms (proc_pid_stat(5): utime and stime, in ticks of 1/100 s).
func (p *process) cpu(t testing.TB) time.Duration {
	t.Helper()
	const tick = 10 * time.Millisecond
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(text), ") ")
	var skip string
	var user, system int64
	into := []any{&skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &user, &system}
	if _, err := fmt.Sscan(fields, into...); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * tick
}

func TestServerRefusesHeadersThatAreTooLarge(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key()
	before := g.heap()
	for name, lines := range map[string]string{
		"CRED-17 line of 1 MB":       "X-Long: " + strings.Repeat("a", 1<<20) + "\r\n",
		"CRED-17 key of 1 MB":        bearer(strings.Repeat("a", 1<<20)) + "\r\n",
		"CRED-17 3,000 header lines": strings.Repeat("X-Many: abcdefgh\r\n", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			got := g.sendLong("GET / HTTP/1.1\r\nHost: x\r\n" + k.bearer() + "\r\n" + lines + "\r\n")
			if got.status != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("answered %v", got)
			}
			g.upstream.untouched(t)
		})
	}
	const spare = 4 << 20
	eventually(t, 10*time.Second, "memory is where it was", func() bool { return g.heap() < before+spare })
}

// sendLong is send for requests that the server stops reading.
func (g *gate) sendLong(raw string) response {
	g.t.Helper()
	c := g.connect()
	_ = c.write(raw) // cut off when the server has had enough
	got, err := c.answer()
	if err != nil {
		g.t.Fatal(err)
	}
	return got
}

// heap is how many bytes live objects take, after a collection.
func (g *gate) heap() int64 {
	g.t.Helper()
	profile := g.adminGet("/debug/pprof/heap?gc=1&debug=1")
	const mark = "# HeapAlloc = "
	var n int64
	if _, err := fmt.Sscanf(profile[strings.Index(profile, mark)+len(mark):], "%d", &n); err != nil {
		g.t.Fatalf("heap profile: %v", err)
	}
	return n
}

func TestServerRefusesControlBytesInHeaders(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key()
	for _, c := range []string{"\x00", "\x01", "\x08", "\x0b", "\x1f", "\x7f"} {
		t.Run(fmt.Sprintf("CRED-18 %q", c), func(t *testing.T) {
			for _, line := range []string{k.bearer() + c, bearer(c + k.Secret), k.bearer() + "\r\nX-Other: a" + c + "b"} {
				got := g.send("GET / HTTP/1.1\r\nHost: x\r\n" + line + "\r\n\r\n")
				if got.status != http.StatusBadRequest {
					t.Errorf("%q: answered %v", line, got)
				}
			}
			g.upstream.untouched(t)
		})
	}
}
