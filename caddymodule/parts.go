package caddymodule

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

// parts are what an app's configuration resolves to.
type parts struct {
	id        string // of the engine: store and limiter
	store     StoreModule
	limiter   LimiterModule
	hasher    keys.Hasher
	lost      []keys.PepperID
	format    *keys.Format
	limits    gateway.Limits
	guessable bool        // a pepper is short enough to be guessed
	unknown   *limit.Rate // what an address may guess; nil: any number
}

// shortPepper is fewer characters than a pepper should have.
const shortPepper = 16

// build settles the configuration and loads its modules. It opens nothing.
func (a *App) build(ctx caddy.Context) (*parts, error) {
	a.setDefaults()
	if err := a.Config.validate(); err != nil {
		return nil, err
	}
	p := &parts{}
	if err := p.load(ctx, &a.Config); err != nil {
		return nil, err
	}
	peppers, guessable, err := resolvePeppers(a.Peppers)
	if err != nil {
		return nil, err
	}
	p.hasher = keys.NewHasher(peppers)
	p.guessable = guessable
	for _, id := range a.LostPeppers {
		p.lost = append(p.lost, keys.PepperID(id))
	}
	p.id = p.store.Key() + "\n" + p.limiter.Key()
	if p.format, err = a.Config.format(); err != nil {
		return nil, err
	}
	if p.limits, err = a.Config.limits(); err != nil {
		return nil, err
	}
	p.unknown, err = a.Config.unknownKeys()
	return p, err
}

// load loads the guest modules; a store or limiter that isn't configured is
// the default one.
func (p *parts) load(ctx caddy.Context, c *Config) error {
	store, err := ctx.LoadModule(c, "StoreRaw")
	if err != nil {
		return fmt.Errorf("load the store: %w", err)
	}
	limiter, err := ctx.LoadModule(c, "LimiterRaw")
	if err != nil {
		return fmt.Errorf("load the limiter: %w", err)
	}
	p.store, p.limiter = store.(StoreModule), limiter.(LimiterModule)
	return nil
}

// resolvePeppers reads placeholders. A variable that isn't set is an error:
// without it, every key would be digested wrongly. guessable: one is short.
func resolvePeppers(texts []string) (peppers []keys.Secret, guessable bool, err error) {
	repl := caddy.NewReplacer()
	peppers = make([]keys.Secret, 0, len(texts))
	for _, text := range texts {
		value, err := repl.ReplaceOrErr(text, true, true)
		if err != nil {
			return nil, false, fmt.Errorf("pepper: %w", err)
		}
		guessable = guessable || len(value) < shortPepper
		peppers = append(peppers, keys.NewSecret(value))
	}
	return peppers, guessable, nil
}

// settings are what a configuration says to its engine.
func (p *parts) settings(c *Config) engine.Settings {
	return engine.Settings{
		MaxStaleness:   time.Duration(c.MaxStaleness),
		ServeStale:     time.Duration(c.ServeStale),
		FlushInterval:  time.Duration(c.Usage.FlushInterval),
		UsageRetention: time.Duration(c.Usage.Retention),
		CacheSize:      c.CacheSize,

		DenyWithoutLimiter: c.OnLimiterFailure == deny,
		Hasher:             p.hasher,
		LostPeppers:        p.lost,
		UnknownKeys:        p.unknown,
	}
}

// ready makes a store fit for a command: one that works with other peppers
// than the keys in there would make keys that no gate finds.
func (p *parts) ready(ctx context.Context, store storage.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	_, err := storage.CheckPeppers(ctx, store, p.hasher, p.lost, now())
	return err
}

func (p *parts) newEngine(log *slog.Logger) (*engine.Engine, error) {
	store, err := p.store.Open()
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	limiter, err := p.limiter.Open()
	if err != nil {
		return nil, fmt.Errorf("open the limiter: %w", err)
	}
	return engine.New(engine.Config{
		Store: store, Limiter: limiter, Node: nodeName(), SpoolDir: p.store.SpoolDir(), Now: now, Log: log, Stats: &stats,
	})
}

// nodeName names this process among those that share a store. In containers,
// hosts and numbers of processes may be the same everywhere.
var nodeName = sync.OnceValue(func() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "/" + strconv.Itoa(os.Getpid()) + "-" + strings.ToLower(rand.Text()[:4])
})

// format makes the key format of a configuration.
func (c *Config) format() (*keys.Format, error) {
	minted := map[keys.Environment]string{}
	for env, prefix := range c.Prefixes {
		minted[keys.Environment(env)] = prefix
	}
	accepted := make([]keys.Prefix, 0, len(c.AcceptPrefixes))
	for _, p := range c.AcceptPrefixes {
		accepted = append(accepted, keys.Prefix{Text: p.Prefix, Environment: keys.Environment(p.Environment), Unchecked: p.Unchecked})
	}
	return keys.NewFormat(minted, accepted)
}

// limits makes the limits that keys have of themselves or by their plan.
func (c *Config) limits() (gateway.Limits, error) {
	out := gateway.Limits{
		DefaultPlan: c.DefaultPlan,
		Known:       map[string]bool{},
		Plans:       map[string]map[keys.Environment]*limit.Limit{},
		PlanQuotas:  map[string]map[keys.Environment][]quota.Quota{},
	}
	var err error
	if out.Default, err = limitsOf("", c.RateLimits); err != nil {
		return out, err
	}
	if out.Quotas, err = quotasOf(c.Quotas); err != nil {
		return out, err
	}
	for name, plan := range c.Plans {
		out.Known[name] = true
		if len(plan.Quotas) > 0 {
			if out.PlanQuotas[name], err = quotasOf(plan.Quotas); err != nil {
				return out, err
			}
		}
		if len(plan.RateLimits) == 0 {
			continue
		}
		if out.Plans[name], err = limitsOf("plan "+name+" ", plan.RateLimits); err != nil {
			return out, err
		}
	}
	return out, nil
}

// unknownKeys bounds what one address may ask the store.
func (c *Config) unknownKeys() (*limit.Rate, error) {
	if c.UnknownKeys == nil {
		return nil, nil
	}
	rate, err := limit.ParseRate(c.UnknownKeys.Rate, c.UnknownKeys.Burst)
	if err != nil {
		return nil, fmt.Errorf("unknown_keys: %w", err)
	}
	return &rate, nil
}

func quotasOf(texts map[string][]string) (map[keys.Environment][]quota.Quota, error) {
	out := map[keys.Environment][]quota.Quota{}
	for env, all := range texts {
		for _, text := range all {
			q, err := quota.Parse(text)
			if err != nil {
				return nil, err
			}
			out[keys.Environment(env)] = append(out[keys.Environment(env)], q)
		}
	}
	return out, nil
}

func limitsOf(of string, rates map[string]RateLimit) (map[keys.Environment]*limit.Limit, error) {
	out := map[keys.Environment]*limit.Limit{}
	for env, r := range rates {
		rate, err := limit.ParseRate(r.Rate, r.Burst)
		if err != nil {
			return nil, fmt.Errorf("rate_limit %s %s: %w", env, r.Rate, err)
		}
		out[keys.Environment(env)] = &limit.Limit{Name: of + env, Rate: rate}
	}
	return out, nil
}
