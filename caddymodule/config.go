package caddymodule

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
)

// Config is the app's configuration: what all gates of a process share.
type Config struct {
	// Where keys, the audit trail and usage are kept. Default: SQLite in
	// Caddy's data directory.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=keystile.stores inline_key=driver"`

	// What counts requests against limits. Default: local, for one node.
	LimiterRaw json.RawMessage `json:"limiter,omitempty" caddy:"namespace=keystile.limiters inline_key=driver"`

	// What happens while a limiter that nodes share is away. share: each node
	// enforces its share of every limit; deny: requests with limits are refused.
	// Default: share.
	OnLimiterFailure string `json:"on_limiter_failure,omitempty"`

	// Secrets that go into the digest of a key, newest first: the first makes
	// new digests, all verify. Placeholders such as {env.KEYSTILE_PEPPER} are
	// resolved at start; one that is unset is an error.
	Peppers []string `json:"peppers,omitempty"`

	// IDs of peppers that are gone for good, as a refusal to start names them:
	// keys that were made under them stay unknown.
	LostPeppers []string `json:"lost_peppers,omitempty"`

	// What new secrets begin with, by environment. Default: ks_live_, ks_test_.
	Prefixes map[string]string `json:"prefixes,omitempty"`

	// Prefixes that are accepted beside those.
	AcceptPrefixes []AcceptedPrefix `json:"accept_prefixes,omitempty"`

	// The catalogue of scopes. Without one, any scope may be given to a key
	// and asked for by a route.
	Scopes []Scope `json:"scopes,omitempty"`

	// Named sets of limits.
	Plans map[string]*Plan `json:"plans,omitempty"`

	// The plan of workspaces that name none.
	DefaultPlan string `json:"default_plan,omitempty"`

	// What one key may ask for in a time, by environment. Default: no limit.
	RateLimits map[string]RateLimit `json:"rate_limits,omitempty"`

	// What one key may use up in a calendar period (UTC), by environment:
	// N/hour, N/day, N/month. Default: no quota.
	Quotas map[string][]string `json:"quotas,omitempty"`

	// No node decides on knowledge older than this. Default: 10s, at least 1s.
	MaxStaleness caddy.Duration `json:"max_staleness,omitempty"`

	// How old what a decision rests on may be while the store doesn't answer:
	// at least max_staleness. Default: no older than that.
	ServeStale caddy.Duration `json:"serve_stale,omitempty"`

	// How usage is kept.
	Usage *Usage `json:"usage,omitempty"`

	// How many keys are held in memory. Default: 250000.
	CacheSize int64 `json:"cache_size,omitempty"`

	// Every key needs a project.
	RequireProject bool `json:"require_project,omitempty"`

	// Scopes by other names: keys that carry Old pass for New.
	ScopeAliases []ScopeAlias `json:"scope_aliases,omitempty"`

	// How often one client address may present keys that a node doesn't know.
	// Default: no bound.
	UnknownKeys *RateLimit `json:"unknown_keys,omitempty"`

	// Keys may be created without a name.
	NameOptional bool `json:"name_optional,omitempty"`

	// permanent: a revoked key can't come back; reversible: it can be
	// reactivated. Default: permanent.
	Revocation string `json:"revocation,omitempty"`

	// How long a key that is rotated goes on working beside its replacement: at
	// most, and unless the rotation says less. Default: 24h, at least 1s.
	RotationGrace caddy.Duration `json:"rotation_grace,omitempty"`
}

// AcceptedPrefix is a prefix of secrets that were made elsewhere or earlier.
type AcceptedPrefix struct {
	Environment string `json:"environment"`
	Prefix      string `json:"prefix"`
	// Drop the checksum and length rule: 8 to 256 bytes.
	Unchecked bool `json:"unchecked,omitempty"`
}

// Scope is one permission that keys can carry.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// ScopeAlias lets keys that carry Old pass for New.
type ScopeAlias struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Plan is a named set of limits.
type Plan struct {
	// How many keys a workspace may have. Absent: no bound.
	MaxKeys *int `json:"max_keys,omitempty"`
	// In place of the app's limits, by environment.
	RateLimits map[string]RateLimit `json:"rate_limits,omitempty"`
	// What all keys of a workspace may use up together in a calendar period
	// (UTC), by environment.
	Quotas map[string][]string `json:"quotas,omitempty"`
}

// RateLimit is a bucket of Burst that refills at Rate.
type RateLimit struct {
	// N/unit, where unit is s, m, h or d.
	Rate string `json:"rate"`
	// The bucket's size. Default: the rate's N.
	Burst int64 `json:"burst,omitempty"`
}

// Usage is how usage is kept.
type Usage struct {
	// How often counters go to the store. Default: 1s.
	FlushInterval caddy.Duration `json:"flush_interval,omitempty"`

	// How long usage is kept by key, route, project, hour and outcome: at least
	// 32 days, since quotas of a month are summed up from it. What a key was
	// used for in all is always kept. Default: for ever.
	Retention caddy.Duration `json:"retention,omitempty"`
}

// Policy is the configuration of one gate.
type Policy struct {
	// Where the key is read from; a request carries it in one place. Default:
	// bearer.
	Credentials []Credential `json:"credentials,omitempty"`

	// Only keys of this workspace are taken. Default: of any.
	Workspace string `json:"workspace,omitempty"`

	// Only keys of these environments are taken. Default: of all.
	Environments []string `json:"environments,omitempty"`

	// What may be called, and with which scopes.
	Routes []Route `json:"routes,omitempty"`

	// What happens to requests that no route lists: deny, or allow for any
	// valid key. Default: deny as soon as one route stands.
	Default string `json:"default,omitempty"`

	// enforce, or observe: decide and report, but let everything through.
	// Default: enforce.
	Mode string `json:"mode,omitempty"`

	// What happens to a JSON Web Token in the key's place: reject, or pass
	// untouched. A route may say otherwise. Default: reject.
	JWT string `json:"jwt,omitempty"`

	// What happens to CORS preflights: refuse without a key, or pass to the
	// upstream. Default: refuse.
	Preflight string `json:"preflight,omitempty"`

	// What refusals look like: json, problem (RFC 9457), or caddy, which hands
	// them to handle_errors. Default: json.
	Errors string `json:"errors,omitempty"`

	// Leave the credential on the request for the upstream: on or off.
	// Default: off.
	ForwardCredential string `json:"forward_credential,omitempty"`
}

// Credential says where a key is read from.
type Credential struct {
	// bearer: Authorization: Bearer KEY; header: NAME: KEY; query: ?NAME=KEY.
	Source string `json:"source"`
	Name   string `json:"name,omitempty"`
}

// Route is one line of the table.
type Route struct {
	Methods    []string             `json:"methods"`
	Pattern    string               `json:"pattern"`
	Scopes     []string             `json:"scopes,omitempty"`
	AnyOf      []string             `json:"any_of,omitempty"`
	Public     bool                 `json:"public,omitempty"`
	Project    string               `json:"project,omitempty"`
	RateLimits map[string]RateLimit `json:"rate_limits,omitempty"`
	Quotas     map[string][]string  `json:"quotas,omitempty"`
	Cost       int64                `json:"cost,omitempty"`
	// Only keys of these environments are taken, of those that the gate takes.
	Environments []string `json:"environments,omitempty"`
	PathsLoose   bool     `json:"paths_loose,omitempty"`
	JWT          string   `json:"jwt,omitempty"`
}
