package caddymodule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
)

// Defaults and bounds of the app's figures.
const (
	defaultStaleness = 10 * time.Second
	defaultFlush     = time.Second

	defaultCacheSize = 250_000
	maxCacheSize     = 100_000_000

	maxWordChars = 100 // of a scope's or plan's name
	maxListed    = 30  // names that a message lists
)

// public is what a route says in place of scopes when it needs no key.
const public = "public"

var defaultPrefixes = map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}

// setDefaults fills in what the configuration leaves out. A store or limiter
// that isn't there is the default module, by name.
func (c *Config) setDefaults() {
	if c.StoreRaw == nil {
		c.StoreRaw = []byte(`{"driver":"sqlite"}`)
	}
	if c.LimiterRaw == nil {
		c.LimiterRaw = []byte(`{"driver":"local"}`)
	}
	if c.Prefixes == nil {
		c.Prefixes = map[string]string{}
	}
	for env, prefix := range defaultPrefixes {
		if _, stated := c.Prefixes[string(env)]; !stated {
			c.Prefixes[string(env)] = prefix
		}
	}
	if c.Usage == nil {
		c.Usage = new(Usage)
	}
	c.MaxStaleness = cmp.Or(c.MaxStaleness, caddy.Duration(defaultStaleness))
	c.Usage.FlushInterval = cmp.Or(c.Usage.FlushInterval, caddy.Duration(defaultFlush))
	c.CacheSize = cmp.Or(c.CacheSize, defaultCacheSize)
}

// validate checks what can be checked without opening anything, and changes
// nothing. What is left out is fine. The error is a *fault.
func (c *Config) validate() error {
	for _, check := range []func() error{
		c.checkPeppers, c.checkPrefixes, c.checkScopes, c.checkAliases, c.checkPlans, c.checkUnknownKeys,
		func() error { return checkRates("rate_limits", c.RateLimits) },
		func() error { return checkQuotas("quotas", c.Quotas) },
		c.checkFigures, c.checkLife, c.checkLimiter,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkPeppers() error {
	for i, pepper := range c.Peppers {
		switch {
		case pepper == "":
			return faultf(fmt.Sprintf("peppers/%d", i), "a pepper is empty")
		case slices.Contains(c.Peppers[:i], pepper):
			return faultf(fmt.Sprintf("peppers/%d", i), "a pepper is given twice")
		}
	}
	for i, id := range c.LostPeppers {
		if !keys.IsPepperID(id) {
			return faultf(fmt.Sprintf("lost_peppers/%d", i), "%q is not the ID of a pepper: 16 hex digits, as the refusal to start names it", id)
		}
	}
	return nil
}

// checkPrefixes adds one prefix at a time to a key format: the one that it
// refuses is to blame. Defaults come first, so that what is stated is.
func (c *Config) checkPrefixes() error {
	var format []keys.Prefix
	for _, env := range keys.Environments {
		if _, stated := c.Prefixes[string(env)]; !stated {
			format = append(format, keys.Prefix{Text: defaultPrefixes[env], Environment: env})
		}
	}
	add := func(path string, p keys.Prefix) error {
		if err := checkEnvironment(path, string(p.Environment)); err != nil {
			return err
		}
		format = append(format, p)
		if _, err := keys.NewFormat(nil, format); err != nil {
			return &fault{path: path, err: err}
		}
		return nil
	}
	for _, env := range slices.Sorted(maps.Keys(c.Prefixes)) {
		if err := add("prefixes/"+env, keys.Prefix{Text: c.Prefixes[env], Environment: keys.Environment(env)}); err != nil {
			return err
		}
	}
	for i, p := range c.AcceptPrefixes {
		accepted := keys.Prefix{Text: p.Prefix, Environment: keys.Environment(p.Environment), Unchecked: p.Unchecked}
		if err := add(fmt.Sprintf("accept_prefixes/%d", i), accepted); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkScopes() error {
	seen := map[string]bool{}
	for i, scope := range c.Scopes {
		path := fmt.Sprintf("scopes/%d", i)
		switch {
		case !isWord(scope.Name):
			return faultf(path, "scope %q is not a word of at most %d characters without spaces", scope.Name, maxWordChars)
		case scope.Name == public:
			return faultf(path, "a scope can't be named %s: in a route's line, that says that no key is needed", public)
		case seen[scope.Name]:
			return faultf(path, "scope %s is given twice", scope.Name)
		}
		seen[scope.Name] = true
	}
	return nil
}

// checkAliases lets the old name be any word: keys carry it, nobody asks for it.
func (c *Config) checkAliases() error {
	for i, alias := range c.ScopeAliases {
		path := fmt.Sprintf("scope_aliases/%d", i)
		switch {
		case !isWord(alias.Old):
			return faultf(path, "scope %q is not a word of at most %d characters without spaces", alias.Old, maxWordChars)
		case alias.Old == alias.New || alias.Old == keys.ScopeAll || alias.New == keys.ScopeAll:
			return faultf(path, "scope %s can't stand for %s", alias.Old, alias.New)
		case slices.Contains(c.ScopeAliases[:i], alias):
			return faultf(path, "this alias is given twice")
		}
		if err := c.checkScope(path, alias.New); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkUnknownKeys() error {
	if c.UnknownKeys == nil {
		return nil
	}
	if _, err := limit.ParseRate(c.UnknownKeys.Rate, c.UnknownKeys.Burst); err != nil {
		return &fault{path: "unknown_keys", err: err}
	}
	return nil
}

// checkScope refuses a scope that is not in the catalogue, once there is one.
func (c *Config) checkScope(path, name string) error {
	if !isWord(name) {
		return faultf(path, "scope %q is not a word of at most %d characters without spaces", name, maxWordChars)
	}
	if len(c.Scopes) == 0 {
		return nil
	}
	known := []string{keys.ScopeAll, keys.ScopeManageKeys}
	for _, scope := range c.Scopes {
		known = append(known, scope.Name)
	}
	if slices.Contains(known, name) {
		return nil
	}
	return faultf(path, "unknown scope %q; known: %s", name, list(known))
}

func (c *Config) checkPlans() error {
	for _, name := range slices.Sorted(maps.Keys(c.Plans)) {
		plan, path := c.Plans[name], "plans/"+name
		switch {
		case !isWord(name):
			return faultf(path, "plan %q is not named by a word of at most %d characters without spaces", name, maxWordChars)
		case plan == nil:
			return faultf(path, "plan %s is null", name)
		case plan.MaxKeys != nil && *plan.MaxKeys < 1:
			return faultf(path+"/max_keys", "max_keys is %d; it is at least 1, or unlimited", *plan.MaxKeys)
		}
		if err := checkQuotas(path+"/quotas", plan.Quotas); err != nil {
			return err
		}
		if err := checkRates(path+"/rate_limits", plan.RateLimits); err != nil {
			return err
		}
	}
	if _, known := c.Plans[c.DefaultPlan]; c.DefaultPlan != "" && !known {
		return faultf("default_plan", "unknown plan %q; known: %s", c.DefaultPlan, list(slices.Sorted(maps.Keys(c.Plans))))
	}
	return nil
}

func checkEnvironment(path, name string) error {
	if slices.Contains(keys.Environments, keys.Environment(name)) {
		return nil
	}
	var known []string
	for _, env := range keys.Environments {
		known = append(known, string(env))
	}
	return faultf(path, "unknown environment %q; known: %s", name, list(known))
}

func checkRates(path string, rates map[string]RateLimit) error {
	for _, env := range slices.Sorted(maps.Keys(rates)) {
		at := path + "/" + env
		if err := checkEnvironment(at, env); err != nil {
			return err
		}
		if _, err := limit.ParseRate(rates[env].Rate, rates[env].Burst); err != nil {
			return &fault{path: at, err: err}
		}
	}
	return nil
}

func checkQuotas(path string, quotas map[string][]string) error {
	for _, env := range slices.Sorted(maps.Keys(quotas)) {
		var periods []quota.Period
		for i, text := range quotas[env] {
			at := fmt.Sprintf("%s/%s/%d", path, env, i)
			if err := checkEnvironment(at, env); err != nil {
				return err
			}
			q, err := quota.Parse(text)
			if err != nil {
				return &fault{path: at, err: err}
			}
			if slices.Contains(periods, q.Period) {
				return faultf(at, "a quota per %s of %s keys is given twice", q.Period, env)
			}
			periods = append(periods, q.Period)
		}
	}
	return nil
}

// isWord reports whether text can be a name: something visible, and no spaces.
func isWord(text string) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxWordChars &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

// list names what is known, as much as a message can hold.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	if len(names) > maxListed {
		names = append(slices.Clone(names[:maxListed]), "…")
	}
	return strings.Join(names, ", ")
}
