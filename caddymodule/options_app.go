package caddymodule

import (
	"encoding/json"
	"strconv"

	"github.com/caddyserver/caddy/v2"
)

// appOptions is all that may stand in the global option keystile.
var appOptions = options[*Config]{
	{
		name: "store", usage: "DRIVER [ARGUMENT…] { … }",
		help: "Where keys, the audit trail and usage are kept: sqlite [PATH], by default in Caddy's data directory, or postgres CONNECTION.",
		read: setModule("keystile.stores", func(c *Config) *json.RawMessage { return &c.StoreRaw }),
	},
	{
		name: "limiter", usage: "DRIVER [ARGUMENT…] { … }",
		help: "What counts requests against limits: local, for one node; redis URL, for all nodes together.",
		read: setModule("keystile.limiters", func(c *Config) *json.RawMessage { return &c.LimiterRaw }),
	},
	{
		name: "on_limiter_failure", usage: "share|deny",
		help: "What happens while Redis doesn't answer: share (unless stated) has each node enforce its share of every limit; deny refuses what has limits.",
		read: setText("on_limiter_failure", func(c *Config) *string { return &c.OnLimiterFailure }),
	},
	{
		name: "pepper", usage: "NEW [OLD…]",
		help: "Secrets that go into the digests of keys: the first makes new ones, all verify.",
		read: setTexts("peppers", func(c *Config) *[]string { return &c.Peppers }),
	},
	{
		name: "lost_pepper", usage: "ID", repeats: true,
		help: "A pepper that is gone for good, by the ID that a refusal to start names: keys that were made under it stay unknown.",
		read: addText("lost_peppers", func(c *Config) *[]string { return &c.LostPeppers }),
	},
	{
		name: "prefix", usage: "ENV PREFIX", repeats: true,
		help: "What new secrets of an environment begin with: ks_live_ and ks_test_ unless stated.",
		read: func(b block[*Config], args []string) error {
			return put(b, &b.to.Prefixes, "prefixes", args[0], args[1])
		},
	},
	{
		name: "accept_prefix", usage: "ENV PREFIX [unchecked]", repeats: true,
		help: "What older secrets begin with; unchecked drops the checksum and length rule.",
		read: readAcceptedPrefix,
	},
	{
		name: "scope", usage: `NAME ["DESCRIPTION"]`, repeats: true,
		help: "One permission that keys can carry and routes ask for: once one stands, any other name is refused, and without any, every name is one.",
		read: readScope,
	},
	{
		name: "scope_alias", usage: "OLD NEW", repeats: true,
		help: "Keys that carry OLD pass for NEW.",
		read: func(b block[*Config], args []string) error {
			b.mark("scope_aliases", strconv.Itoa(len(b.to.ScopeAliases)))
			b.to.ScopeAliases = append(b.to.ScopeAliases, ScopeAlias{Old: args[0], New: args[1]})
			return nil
		},
	},
	{
		name: "plan", usage: "NAME { … }", repeats: true,
		help: "A named set of limits.",
		read: readPlan,
	},
	{
		name: "default_plan", usage: "NAME",
		help: "The plan of workspaces that name none, or one that is not listed; without it, keys of the latter are refused.",
		read: setText("default_plan", func(c *Config) *string { return &c.DefaultPlan }),
	},
	{
		name: "rate_limit", usage: "ENV N/UNIT [burst B]", repeats: true,
		help: "What one key may ask for: a bucket of B (N unless stated) that refills at N per s, m, h or d.",
		read: addRate("rate_limits", func(c *Config) *map[string]RateLimit { return &c.RateLimits }),
	},
	{
		name: "quota", usage: "[ENV] N/PERIOD", repeats: true,
		help: "What one key may use up per hour, day or month of UTC; without ENV, a live one.",
		read: addQuota(func(c *Config) *map[string][]string { return &c.Quotas }),
	},
	{
		name: "unknown_keys", usage: "N/UNIT [burst B]",
		help: "How often one client address (IPv6: one /64) may present keys that the node doesn't know: any number unless stated, since clients behind a proxy that trusted_proxies doesn't name have one address between them.",
		read: readUnknownKeys,
	},
	{
		name: "max_staleness", usage: "DURATION",
		help: "No node decides on knowledge older than this: 1s to 24h, 10s unless stated.",
		read: setDuration("max_staleness", stalenessSpan, func(c *Config) *caddy.Duration { return &c.MaxStaleness }),
	},
	{
		name: "on_store_failure", usage: "deny|serve_stale [DURATION]",
		help: "What happens while the store doesn't answer: deny refuses once max_staleness is over; serve_stale lets known keys go on for so long.",
		read: readStoreFailure,
	},
	{
		name: "usage", usage: "{ … }",
		help: "How usage is kept.",
		read: func(b block[*Config], _ []string) error {
			b.to.Usage = new(Usage)
			return usageOptions.readBlock(within(b, b.to.Usage, "usage"))
		},
	},
	{
		name: "cache_size", usage: "N",
		help: "How many keys are held in memory: 250000 unless stated.",
		read: setCount("cache_size", func(c *Config) *int64 { return &c.CacheSize }),
	},
	{
		name: "require_project",
		help: "Every key needs a project.",
		read: setFlag("", func(c *Config) *bool { return &c.RequireProject }),
	},
	{
		name: "name", usage: "optional",
		help: "Keys may be created without a name.",
		read: setFlag("optional", func(c *Config) *bool { return &c.NameOptional }),
	},
	{
		name: "revocation", usage: "permanent|reversible",
		help: "Whether a revoked key can be reactivated: permanent unless stated.",
		read: setText("revocation", func(c *Config) *string { return &c.Revocation }),
	},
	{
		name: "rotation_grace", usage: "DURATION",
		help: "How long a rotated key goes on working beside its replacement, at most and unless the rotation says less: 1s to 365d, 24h unless stated.",
		read: setDuration("rotation_grace", graceSpan, func(c *Config) *caddy.Duration { return &c.RotationGrace }),
	},
}

// planOptions is all that may stand in a plan.
var planOptions = options[*Plan]{
	{
		name: "max_keys", usage: "N|unlimited",
		help: "How many keys a workspace may have that are neither revoked nor expired.",
		read: readMaxKeys,
	},
	{
		name: "rate_limit", usage: "ENV N/UNIT [burst B]", repeats: true,
		help: "In place of the global limit of that environment.",
		read: addRate("rate_limits", func(p *Plan) *map[string]RateLimit { return &p.RateLimits }),
	},
	{
		name: "quota", usage: "[ENV] N/PERIOD", repeats: true,
		help: "What all keys of a workspace may use up together per hour, day or month of UTC; without ENV, live ones.",
		read: addQuota(func(p *Plan) *map[string][]string { return &p.Quotas }),
	},
}

// usageOptions is all that may stand in usage.
var usageOptions = options[*Usage]{
	{
		name: "flush_interval", usage: "DURATION",
		help: "How often counters go to the store: 10ms to 1h, 1s unless stated.",
		read: setDuration("flush_interval", flushSpan, func(u *Usage) *caddy.Duration { return &u.FlushInterval }),
	},
	{
		name: "retention", usage: "DURATION",
		help: "How long usage is kept by the hour, at least 32d: for ever unless stated, as a key's total and last use always are.",
		read: setDuration("retention", retentionSpan, func(u *Usage) *caddy.Duration { return &u.Retention }),
	},
}

func readAcceptedPrefix(b block[*Config], args []string) error {
	p := AcceptedPrefix{Environment: args[0], Prefix: args[1]}
	if len(args) > 2 {
		if args[2] != "unchecked" {
			return errUsage
		}
		p.Unchecked = true
	}
	b.mark("accept_prefixes", strconv.Itoa(len(b.to.AcceptPrefixes)))
	b.to.AcceptPrefixes = append(b.to.AcceptPrefixes, p)
	return nil
}

func readScope(b block[*Config], args []string) error {
	s := Scope{Name: args[0]}
	if len(args) > 1 {
		s.Description = args[1]
	}
	b.mark("scopes", strconv.Itoa(len(b.to.Scopes)))
	b.to.Scopes = append(b.to.Scopes, s)
	return nil
}

func readPlan(b block[*Config], args []string) error {
	plan := new(Plan)
	if err := put(b, &b.to.Plans, "plans", args[0], plan); err != nil {
		return err
	}
	return planOptions.readBlock(within(b, plan, "plans", args[0]))
}

func readMaxKeys(b block[*Plan], args []string) error {
	b.mark("max_keys")
	if args[0] == "unlimited" {
		return nil
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return b.Errf("max_keys: %q is neither a whole number of at least 1 nor unlimited", args[0])
	}
	b.to.MaxKeys = &n
	return nil
}

func readUnknownKeys(b block[*Config], args []string) error {
	rate, err := readRate(b, args)
	if err != nil {
		return err
	}
	b.mark("unknown_keys")
	b.to.UnknownKeys = &rate
	return nil
}

func readStoreFailure(b block[*Config], args []string) error {
	b.mark("serve_stale")
	switch {
	case args[0] == deny && len(args) == 1:
		return nil
	case args[0] != "serve_stale" || len(args) != 2:
		return errUsage
	}
	d, err := parseDuration(args[1])
	switch {
	case err != nil:
		return b.Errf("serve_stale: %w", err)
	case d <= 0:
		return b.Errf("serve_stale is %s; it must be max_staleness to %s", spell(d), spell(staleSpan.most))
	}
	b.to.ServeStale = caddy.Duration(d)
	return nil
}
