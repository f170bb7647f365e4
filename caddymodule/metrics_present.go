package caddymodule

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keystile/keystile/internal/engine"
)

// reading is what is measured of all engines when somebody asks.
type reading struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(all []engine.Gauges) float64
}

var readings = []reading{
	{desc("keystile_cache_keys", "Keys in memory."), prometheus.GaugeValue, sum(func(g *engine.Gauges) int64 { return g.CachedKeys })},
	{desc("keystile_cache_evicted_keys", "Keys that had to make room for others in memory, since the engine began."), prometheus.GaugeValue, sum(func(g *engine.Gauges) int64 { return g.CacheEvictions })},
	{desc("keystile_revision", "How far the store's log of changes is applied."), prometheus.GaugeValue, most(func(g *engine.Gauges) float64 { return float64(g.Revision) })},
	{desc("keystile_store_unconfirmed_seconds", "Age of the last answer of the store that confirms memory: beyond max_staleness, memory isn't believed."), prometheus.GaugeValue, longest(func(g *engine.Gauges) time.Duration { return g.Unconfirmed })},
	{desc("keystile_usage_pending_cells", "Sums of usage that are not known to be stored."), prometheus.GaugeValue, sum(func(g *engine.Gauges) int64 { return int64(g.PendingCells) })},
	{desc("keystile_usage_pending_seconds", "Age of the oldest sum of usage that is not known to be stored."), prometheus.GaugeValue, longest(func(g *engine.Gauges) time.Duration { return g.OldestCell })},
	{desc("keystile_usage_spooled_files", "Files of usage that wait for the store."), prometheus.GaugeValue, sum(func(g *engine.Gauges) int64 { return int64(g.Spooled) })},
}

func desc(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

func sum(of func(*engine.Gauges) int64) func([]engine.Gauges) float64 {
	return func(all []engine.Gauges) (total float64) {
		for i := range all {
			total += float64(of(&all[i]))
		}
		return total
	}
}

func most(of func(*engine.Gauges) float64) func([]engine.Gauges) float64 {
	return func(all []engine.Gauges) (top float64) {
		for i := range all {
			top = max(top, of(&all[i]))
		}
		return top
	}
}

func longest(of func(*engine.Gauges) time.Duration) func([]engine.Gauges) float64 {
	return most(func(g *engine.Gauges) float64 { return of(g).Seconds() })
}

// present collects what engines hold at present: those in use, and those whose
// last requests are under way.
type present struct{}

// Describe implements prometheus.Collector.
func (present) Describe(to chan<- *prometheus.Desc) {
	for i := range readings {
		to <- readings[i].desc
	}
}

// Collect implements prometheus.Collector.
func (present) Collect(to chan<- prometheus.Metric) {
	var all []engine.Gauges
	engines.Range(func(_, value any) bool {
		if p, ok := value.(*pooled); ok {
			all = append(all, p.Gauges())
		}
		return true
	})
	for _, p := range draining.list() {
		all = append(all, p.Gauges())
	}
	for i := range readings {
		r := &readings[i]
		to <- prometheus.MustNewConstMetric(r.desc, r.kind, r.of(all))
	}
}

// list returns the engines that no configuration refers to any more.
func (d *drains) list() []*pooled {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.engines))
}
