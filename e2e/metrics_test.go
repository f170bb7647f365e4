package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// movers make each metric move, one after the other. Where there is nothing to
// do, what was done before has moved it.
var movers = []struct {
	metric string
	labels []string
	move   func(t *testing.T, m *metered)
}{
	{"keystile_decisions_total", []string{`outcome="allowed"`, `route="GET /"`, `environment="live"`, `mode="enforce"`}, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_decisions_total", []string{`outcome="unknown_key"`, `route="GET /"`, `environment=""`}, func(t *testing.T, m *metered) {
		m.wantStatus(t, key{Secret: drawSecret("live")}, http.StatusUnauthorized)
	}},
	{"keystile_decision_seconds_count", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_cache_misses_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_cache_keys", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_cache_hits_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.keys[0], http.StatusOK) }},
	{"keystile_cache_evicted_keys", nil, func(t *testing.T, m *metered) {
		for range 30 { // there is room for ten
			m.wantStatus(t, m.next(), http.StatusOK)
		}
	}},
	{"keystile_store_reads_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_store_seconds_count", []string{`operation="lookup"`}, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_store_seconds_count", []string{`operation="flush"`}, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_usage_flushes_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_revision", nil, func(_ *testing.T, m *metered) { m.plant(1, nil) }},
	{"keystile_limiter_exchanges_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_limiter_waits_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_limiter_lost_total", nil, func(t *testing.T, m *metered) { m.redis.Cut(); m.wantStatus(t, m.next(), http.StatusOK) }},
	{"keystile_limiter_away", nil, nil},
	{"keystile_store_unconfirmed_seconds", nil, func(t *testing.T, m *metered) {
		m.store.Cut()
		m.wantStatus(t, m.keys[m.used-1], http.StatusOK) // which memory knows
	}},
	{"keystile_usage_pending_cells", nil, nil},
	{"keystile_usage_pending_seconds", nil, nil},
	{"keystile_store_errors_total", nil, func(t *testing.T, m *metered) { m.wantStatus(t, m.next(), http.StatusServiceUnavailable) }},
	{"keystile_usage_spooled_files", nil, func(_ *testing.T, m *metered) { m.restart() }},
}

// elsewhere are the metrics that a test of its own moves.
var elsewhere = []string{
	usageDropped,                    // TestCallsThatCannotBeKeptAnywhereAreCountedAsDropped
	"keystile_events_dropped_total", // TestEventsThatASlowHandlerKeepsWaitingTooLongAreCountedAsDropped
}

// metered is a gate that can lose its database and its Redis.
type metered struct {
	*member
	redis, store interface{ Cut() }
	keys         []key
	used         int
}

func setupMetered(t *testing.T) *metered {
	t.Helper()
	_, line, url := proxied(t)
	f := newTrio(t, sharedPostgres(t))
	m := f.add(options{app: "limiter redis " + url + "\ncache_size 10\nusage {\n flush_interval 200ms\n}\n" + ofHundred, policy: onlyRoot, before: quiet, behind: "respond ok"}, "postgres")
	m.start()
	return &metered{member: m, redis: line, store: m.line, keys: m.plant(100, nil)}
}

// next is a key that wasn't used yet.
func (m *metered) next() key {
	m.used++
	return m.keys[m.used-1]
}

func (m *metered) wantStatus(t *testing.T, k key, status int) {
	t.Helper()
	if got := m.get("/", k.bearer()); got.status != status {
		t.Errorf("answered %v, want %d", got, status)
	}
}

// restart ends the gate, which finds its store when it is back.
func (m *metered) restart() {
	m.t.Helper()
	m.stop()
	m.startWithout(m.t)
}

var metricName = regexp.MustCompile("(?m)^- `(keystile_[a-z_]+)`")

func TestEachMetricMovesWhenWhatItCountsHappens(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/metrics.md")
	must(t, err)
	moved := elsewhere
	m := setupMetered(t)
	for _, one := range movers {
		before := 0.0
		if one.move != nil {
			before = m.counter(one.metric, one.labels...)
			one.move(t, m)
		}
		if !becomes(startWithin, func() bool { return m.counter(one.metric, one.labels...) > before }) {
			t.Errorf("%s%v stays at %v", one.metric, one.labels, before)
		}
		moved = append(moved, strings.TrimSuffix(one.metric, "_count"))
	}
	for _, found := range metricName.FindAllStringSubmatch(string(document), -1) {
		if !slices.Contains(moved, found[1]) {
			t.Errorf("nothing moves %s", found[1])
		}
	}
}

func TestTenThousandKeysMakeNoMoreSeriesThanTen(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /{id}", before: quiet, behind: "respond ok"})
	made := g.plant(sized(1000, 10_000), nil)
	series := func() int { return strings.Count(ours(g.adminGet("/metrics")), "\nkeystile_") }
	call := func(made []key) {
		c := g.connect()
		defer func() { _ = c.Close() }()
		for _, k := range made {
			if got, err := c.exchange(g.request(http.MethodGet, "/"+k.ID, k.bearer())); err != nil || got.status != http.StatusOK {
				t.Fatalf("%v, %v", got, err)
			}
		}
	}
	call(made[:10])
	ten := series()
	call(made)
	if all := series(); all != ten {
		t.Errorf("%d series for ten keys and as many paths, %d for %d", ten, all, len(made))
	}
}

// ours are the lines of metrics that are Keystile's.
func ours(metrics string) string {
	var b strings.Builder
	for line := range strings.Lines(metrics) {
		if strings.Contains(line, "keystile_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestPromtoolAcceptsMetricsAndAlerts(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: onlyRoot})
	g.get("/", g.key().bearer())
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = strings.NewReader(ours(g.adminGet("/metrics")))
	wantQuiet(t, check)
	rules, err := filepath.Abs("../deploy/prometheus")
	must(t, err)
	for _, args := range [][]string{{"check", "rules", "keystile.rules.yml"}, {"test", "rules", "keystile.rules.test.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = rules
		wantQuiet(t, cmd)
	}
}

// wantQuiet wants a command to succeed.
func wantQuiet(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, said)
	}
}
