package contender

import "slices"

// Names that others refer to.
const (
	Bare          = "Caddy, bare"
	Control       = "Caddy, bare, once more"
	BareTuned     = "Caddy, bare, tuned"
	BareSpare     = "Caddy, bare, tuned more"
	Static        = "Caddy, respond 401"
	StaticControl = "Caddy, respond 401, once more"
	Keystile      = "Keystile"
	KeystileTuned = "Keystile, tuned"
	KeystileSpare = "Keystile, tuned more"
	KeystileFleet = "Keystile, fleet"
	KeystilePlain = "Keystile, Caddy's log"
	Nginx         = "nginx, bare"
	HAProxy       = "HAProxy, bare"
)

// few is how many keys some contenders get at most: those that walk a list of
// them for each request, that hold the times of each one's last requests, that
// know nothing of keys, or that have a twin which is measured with more.
const few = 10_000

var all = []*Contender{
	{Name: Bare, Says: "`reverse_proxy` and nothing else, with Caddy's defaults: the floor", Core: true, program: caddy, files: bareCaddy(untuned)},
	{Name: Control, Says: "the same: the control", Core: true, program: caddy, files: bareCaddy(untuned)},
	{Name: BareTuned, Says: "the same with `" + Idle + "`", Core: true, program: caddy, files: bareCaddy(idle)},
	{Name: BareSpare, Says: "besides, `" + Quiet + "` for the log, and `" + Collect + "` in the environment", Core: true, MaxKeys: few, program: sparing, files: bareCaddy(spare)},
	{Name: Static, Says: "`respond 401` and nothing else: the floor of refusals", Core: true, Refuses: true, program: caddy, files: staticRefusal},
	{Name: StaticControl, Says: "the same: the control", Core: true, Refuses: true, program: caddy, files: staticRefusal},
	{Name: Keystile, Says: "key, scope, limit, count and headers, and `" + Masked + "` for the log, as the README has it", Core: true, MaxKeys: few, Gate: true, Limits: true, Learns: true, Sums: true, program: caddy, files: keystile(readme)},
	{Name: KeystileTuned, Says: "the same with `" + Idle + "`, as `Caddyfile.example` has it", Core: true, Gate: true, Limits: true, Learns: true, Sums: true, program: caddy, files: keystile(example)},
	{Name: KeystileSpare, Says: "besides, `" + Quiet + "` for the log, and `" + Collect + "` in the environment", Core: true, MaxKeys: few, Gate: true, Limits: true, Learns: true, Sums: true, program: sparing, files: keystile(exampleSpare)},
	{Name: KeystilePlain, Says: "as the first, with Caddy's defaults for the log", Core: true, MaxKeys: few, Gate: true, Limits: true, Learns: true, Sums: true, program: caddy, files: keystile(untuned)},
	{Name: KeystileFleet, Says: "tuned, with keys in PostgreSQL and limits in Redis; a hundred of the keys, again and again", Fleet: true, Hot: 100, Gate: true, Limits: true, Learns: true, program: caddy, files: keystileFleet},
	{Name: "caddy-ratelimit", Says: "a limit for each credential; nobody looks whether it is a key", MaxKeys: few, Limits: true, Learns: true, program: caddy, files: rateLimit},
	{Name: "Caddy map", Says: "`map` from credential to whether it is known; no limit", Gate: true, MaxKeys: few, program: caddy, files: caddyMap},
	{Name: "Caddy header", Says: "a `header` matcher with a line for each key; no limit", Gate: true, MaxKeys: few, program: caddy, files: caddyHeader},
	{Name: "Caddy forward_auth", Says: "asks a small server about each request; no limit", Gate: true, Asks: true, program: caddy, files: forwardAuth},
	{Name: Nginx, Says: "`proxy_pass` and nothing else", MaxKeys: few, program: nginx, files: bareNginx},
	{Name: "nginx map", Says: "`map` of keys, and `limit_req`", Gate: true, Limits: true, Learns: true, program: nginx, files: nginxMap},
	{Name: "nginx auth_request", Says: "asks the small server about each request; no limit", Gate: true, Asks: true, program: nginx, files: nginxAuthRequest},
	{Name: HAProxy, Says: "`server` and nothing else", MaxKeys: few, program: haproxy, files: bareHAProxy},
	{Name: "HAProxy map", Says: "a map file of keys, and a stick-table", Gate: true, Limits: true, Learns: true, program: haproxy, files: haproxyMap},
}

// All are the contenders, in the order in which they are reported.
func All() []*Contender { return all }

// Find returns a contender by its name, which has to be one of All.
func Find(name string) *Contender {
	return all[slices.IndexFunc(all, func(c *Contender) bool { return c.Name == name })]
}
