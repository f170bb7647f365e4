package caddymodule

import (
	"errors"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/problem"
)

// stats are what all engines of the process ask of their stores.
var stats engine.Stats

// allowed labels the decisions that let a request through.
const allowed = "allowed"

var decisions = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "keystile_decisions_total",
	Help: "Requests decided, by outcome (allowed, or the code of the refusal) and mode (under observe, refusals are let through).",
}, []string{"outcome", "mode"})

// byOutcome holds one counter for each row of the table, made once: labels
// come from a closed set, and a request doesn't look them up.
var byOutcome = map[bool]map[string]prometheus.Counter{false: countersOf(enforce), true: countersOf(observe)}

func countersOf(mode string) map[string]prometheus.Counter {
	counters := map[string]prometheus.Counter{allowed: decisions.WithLabelValues(allowed, mode)}
	for _, row := range problem.All() {
		counters[string(row.Code)] = decisions.WithLabelValues(string(row.Code), mode)
	}
	return counters
}

func countDecision(outcome string, observed bool) {
	if counter, known := byOutcome[observed][outcome]; known {
		counter.Inc()
	}
}

var collectors = []prometheus.Collector{
	decisions,
	counter("keystile_store_reads_total", "Look-ups of presented keys in the store.", &stats.StoreReads),
	counter("keystile_store_errors_total", "Look-ups that the store did not answer.", &stats.StoreErrors),
	counter("keystile_usage_flushes_total", "Transactions that write usage to the store.", &stats.StoreFlushes),
	gauge("keystile_limiter_away", "Limiters that are without their Redis at present: each node enforces its share, or denies.", &stats.Limits.Away),
	counter("keystile_limiter_lost_total", "Times that a limiter lost its Redis.", &stats.Limits.Failures),
	counter("keystile_limiter_exchanges_total", "Buckets that Redis was asked about.", &stats.Limits.Exchanges),
	counter("keystile_limiter_waits_total", "Times that a request waited for Redis.", &stats.Limits.Waits),
	counter("keystile_usage_dropped_total", "Allowed calls whose count was lost: at the end, neither the store nor a file took it.", &stats.UsageDropped),
}

func counter(name, help string, of *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of.Load()) })
}

func gauge(name, help string, of *atomic.Int64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(of.Load()) })
}

// registerMetrics puts the collectors into a configuration's registry: Caddy
// makes a new one for each, and the counters go on across reloads.
func registerMetrics(registry prometheus.Registerer) error {
	for _, c := range collectors {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}
