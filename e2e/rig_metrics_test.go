package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Names of the counters that tests read.
const (
	storeReads   = "keystile_store_reads_total"
	storeErrors  = "keystile_store_errors_total"
	usageFlushes = "keystile_usage_flushes_total"
	limiterLost  = "keystile_limiter_lost_total"
	decisions    = "keystile_decisions_total" // with outcome="allowed" or a code
)

var adminClient = &http.Client{Timeout: exchangeWithin, Transport: &http.Transport{DisableKeepAlives: true}}

// exchangeAdmin asks the admin endpoint. Each reload puts another listener in
// its place, which may cut a connection that was made just then; what it is
// asked can be repeated.
func exchangeAdmin(ask *http.Request) (status int, body string, err error) {
	const tries = 5
	var got *http.Response
	for range tries {
		if got, err = adminClient.Do(ask); err == nil {
			break
		}
		if ask.GetBody != nil {
			ask.Body, _ = ask.GetBody() // of a string, which never fails
		}
	}
	if err != nil {
		return 0, "", err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return got.StatusCode, string(text), err
}

// adminGet reads a page of Caddy's admin endpoint.
func (g *gate) adminGet(path string) string {
	g.t.Helper()
	ask, err := http.NewRequest(http.MethodGet, "http://"+g.admin+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	status, body, err := exchangeAdmin(ask)
	if err != nil || status != http.StatusOK {
		g.t.Fatalf("GET %s of the admin endpoint: %d %v %s", path, status, err, body)
	}
	return body
}

// counter reads one counter; labels are written as Prometheus writes them,
// such as outcome="allowed". What was never counted is 0.
func (g *gate) counter(name string, labels ...string) float64 {
	g.t.Helper()
	sum := 0.0
	for line := range strings.Lines(g.adminGet("/metrics")) {
		line = strings.TrimSpace(line)
		end := strings.LastIndexByte(line, ' ') // there are others in labels
		if end < 0 {
			continue
		}
		series, value := line[:end], line[end+1:]
		if series != name && !strings.HasPrefix(series, name+"{") || !holdsAll(series, labels) {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			g.t.Fatalf("metrics line %q: %v", line, err)
		}
		sum += n
	}
	return sum
}

// decided is how many requests ended with an outcome: "allowed", or a code.
func (g *gate) decided(outcome string) float64 {
	g.t.Helper()
	return g.counter(decisions, `outcome="`+outcome+`"`)
}

func holdsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// goroutines is how many the process has now.
func (g *gate) goroutines() int {
	g.t.Helper()
	var n int
	profile := g.adminGet("/debug/pprof/goroutine?debug=1")
	if _, err := fmt.Sscanf(profile, "goroutine profile: total %d", &n); err != nil {
		g.t.Fatalf("goroutine profile %.60q: %v", profile, err)
	}
	return n
}

// calm waits until the number of goroutines is at most a baseline with 5% on
// top (and some that a runtime may keep at any time). It closes the upstream's
// connections first: the proxy keeps idle ones, at two goroutines each.
func (g *gate) calm(baseline int) {
	g.t.Helper()
	g.upstream.hangUp()
	const within, spare = 10 * time.Second, 3
	most := baseline + max(baseline/20, spare)
	eventually(g.t, within, fmt.Sprintf("at most %d goroutines", most), func() bool { return g.goroutines() <= most })
}
