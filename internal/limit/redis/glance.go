package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
)

// Glance looks at buckets in Redis from beside the fleet, and changes nothing
// there. What nodes hold of a bucket counts as being in it: what they have spent
// of that lately, they have yet to tell.
type Glance struct {
	cfg    Config
	client *goredis.Client
}

// glanceWithin bounds one look.
const glanceWithin = 2 * time.Second

// NewGlance connects to nothing before its first look.
func NewGlance(cfg Config) *Glance {
	if cfg.Name == "" {
		cfg.Name = defaultName
	}
	options := *cfg.Server
	options.PoolSize, options.MaxRetries, options.DialerRetries = 1, -1, 1
	options.ContextTimeoutEnabled, options.Protocol, options.DisableIdentity = true, 2, true
	return &Glance{cfg: cfg, client: goredis.NewClient(&options)}
}

// Close ends the connection.
func (g *Glance) Close() error { return g.client.Close() }

// Approach implements limit.Limiter.
func (*Glance) Approach(*limit.Way) {}

// Sweep implements limit.Limiter.
func (*Glance) Sweep(time.Time) {}

// Take implements limit.Limiter. It spends nothing, whatever the cost, and says
// where each limit stands.
func (g *Glance) Take(ctx context.Context, subject limit.Subject, limits []*limit.Limit, _ limit.Cost, _ time.Time) (limit.Decision, error) {
	if err := limit.CheckCount(limits); err != nil {
		return limit.Decision{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, glanceWithin)
	defer cancel()
	outcomes := make([]limit.Outcome, len(limits))
	for i, of := range limits {
		have, err := g.look(ctx, subject.ID, of)
		if err != nil {
			return limit.Decision{}, fmt.Errorf("%w: look at a bucket in Redis: %w", limit.ErrUnavailable, err)
		}
		bucket := of.Rate.Bucket()
		outcomes[i] = limit.Outcome{Granted: true, Remaining: have / int64(bucket.Interval()), Reset: bucket.Window() - toDuration(have)}
	}
	return limit.Conclude(limits, outcomes), nil
}

// look is what a limit's bucket holds, in nanoseconds of refill.
func (g *Glance) look(ctx context.Context, id string, of *limit.Limit) (int64, error) {
	pipe := g.client.TxPipeline()
	clock := pipe.Time(ctx)
	fleet := pipe.HGetAll(ctx, g.cfg.Name+":{rate}:fleet")
	stored := pipe.HGetAll(ctx, keyOf(&g.cfg, id, of))
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, err
	}
	var r reading
	bucket := of.Rate.Bucket()
	have := r.have(fleet.Val(), stored.Val(), clock.Val(), int64(bucket.Interval()), int64(bucket.Window()))
	return have, r.wrong
}

// reading reads what lease.lua has written.
type reading struct{ wrong error }

func (r *reading) number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && r.wrong == nil {
		r.wrong = fmt.Errorf("%w: %q", errAnswer, text)
	}
	return n
}

// have is what lease.lua would find stored or leased, by the rate that holds
// now.
func (r *reading) have(fleet, bucket map[string]string, clock time.Time, interval, window int64) int64 {
	if fleet["epoch"] == "" {
		return window // nobody took anything that Redis knows of
	}
	now := r.virtual(fleet, clock)
	if bucket["e"] != fleet["epoch"] {
		if fleet["full"] == "1" {
			return window
		}
		return min(window, int64(now))
	}
	was := r.number(bucket["i"]) * r.number(bucket["b"])
	leased := r.leased(bucket, now) * r.number(bucket["i"])
	room := max(0, was*r.number(fleet["share"])-leased)
	level := r.number(bucket["level"])
	gained := max(0, min(room, level+max(0, now-r.number(bucket["v"])))-level)
	if r.wrong != nil {
		return 0
	}
	spent := max(0, was-level-gained-leased)
	if r.number(bucket["i"]) != float64(interval) || was != float64(window) {
		spent = spent / r.number(bucket["i"]) * float64(interval) // as many units
	}
	return max(0, window-int64(spent))
}

// virtual is the fleet's time by now, as far as it is known for how long its
// share holds.
func (r *reading) virtual(fleet map[string]string, clock time.Time) float64 {
	now := min(float64(clock.UnixMicro()), r.number(fleet["ends"]))
	return r.number(fleet["v"]) + max(0, now-r.number(fleet["t"]))*1000*r.number(fleet["share"])
}

// leased is how many units nodes hold whose lease hasn't ended.
func (r *reading) leased(bucket map[string]string, now float64) (units float64) {
	for name, text := range bucket {
		parts := strings.Fields(text)
		if strings.HasPrefix(name, "/") && len(parts) == 3 && r.number(parts[1]) > now {
			units += r.number(parts[0])
		}
	}
	return units
}

// Interface guard.
var _ limit.Limiter = (*Glance)(nil)
