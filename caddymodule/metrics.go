package caddymodule

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keystile/keystile/internal/engine"
)

// stats are what all engines of the process did.
var stats = engine.Stats{StoreBegins: func(o engine.Operation) (ended func()) {
	began := now()
	return func() { storeSeconds.WithLabelValues(string(o)).Observe(now().Sub(began).Seconds()) }
}}

var (
	decisions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "keystile_decisions_total",
		Help: "Requests decided, by outcome (allowed, or the code of the refusal), mode (under observe, refusals are let through), route (as in the configuration; default: none) and the key's environment.",
	}, []string{"outcome", "mode", "route", "environment"})

	decisionSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "keystile_decision_seconds", Help: "Time that deciding on a request took, with whatever it waited for.",
		Buckets: []float64{1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1},
	})

	storeSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "keystile_store_seconds", Help: "Time that the store took, by operation: lookup of a presented key, flush of usage.",
		Buckets: []float64{1e-4, 2.5e-4, 1e-3, 2.5e-3, 1e-2, 2.5e-2, 1e-1, 2.5e-1, 1, 2.5, 10},
	}, []string{"operation"})
)

var collectors = []prometheus.Collector{
	decisions, decisionSeconds, storeSeconds, present{},
	counter("keystile_cache_hits_total", "Presented keys that memory told what they are.", &stats.CacheHits),
	counter("keystile_cache_misses_total", "Presented keys that only the store could tell.", &stats.CacheMisses),
	counter("keystile_store_reads_total", "Look-ups of presented keys in the store.", &stats.StoreReads),
	counter("keystile_store_errors_total", "Look-ups, and polls for changes, that the store did not answer.", &stats.StoreErrors),
	counter("keystile_usage_flushes_total", "Transactions that write usage to the store.", &stats.StoreFlushes),
	gauge("keystile_limiter_away", "Limiters that are without their Redis at present: each node enforces its share, or denies.", &stats.Limits.Away),
	counter("keystile_limiter_lost_total", "Times that a limiter lost its Redis.", &stats.Limits.Failures),
	counter("keystile_limiter_exchanges_total", "Buckets that Redis was asked about.", &stats.Limits.Exchanges),
	counter("keystile_limiter_waits_total", "Times that a request waited for Redis.", &stats.Limits.Waits),
	counter("keystile_events_dropped_total", "Events that no handler was told of: handlers were too slow, or the process ended.", &stats.EventsDropped),
	counter("keystile_usage_dropped_total", "Allowed calls whose count was lost: at the end, neither the store nor a file took it.", &stats.UsageDropped),
}

func counter(name, help string, of *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of.Load()) })
}

func gauge(name, help string, of *atomic.Int64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(of.Load()) })
}

// Series that are sure to come are there from the beginning.
func init() {
	for _, o := range []engine.Operation{engine.OpLookup, engine.OpFlush} {
		storeSeconds.WithLabelValues(string(o))
	}
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

// took takes note of how long a decision took.
func took(d time.Duration) { decisionSeconds.Observe(d.Seconds()) }
