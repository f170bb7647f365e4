package contender

// Names that others refer to.
const (
	Bare          = "Caddy, bare"
	Control       = "Caddy, bare, again"
	BareTuned     = "Caddy, bare, tuned"
	Static        = "Caddy, respond 401"
	Keystile      = "Keystile"
	KeystileTuned = "Keystile, tuned"
	Nginx         = "nginx, bare"
	HAProxy       = "HAProxy, bare"
)

// listed is how many keys a contender gets at most that walks a list of them
// for each request.
const listed = 10_000

// All returns the contenders in the order in which they are reported.
func All() []*Contender {
	return []*Contender{
		{Name: Bare, Says: "`reverse_proxy` and nothing else, with Caddy's defaults: the floor", program: caddy, files: bareCaddy("")},
		{Name: Control, Says: "the same once more: the control", program: caddy, files: bareCaddy("")},
		{Name: BareTuned, Says: "the floor with `" + Idle + "`", program: caddy, files: bareCaddy(Idle)},
		{Name: Static, Says: "`respond 401` and nothing else: the floor of refusals", program: caddy, files: staticRefusal},
		{Name: Keystile, Says: "key, scope, limit, count and headers, with Caddy's default transport", program: caddy, Gate: true, Limits: true, Learns: true, files: keystile("")},
		{Name: KeystileTuned, Says: "the same with `" + Idle + "`, as `Caddyfile.example` has it", program: caddy, Gate: true, Limits: true, Learns: true, files: keystile(Idle)},
		{Name: "caddy-ratelimit", Says: "a limit for each credential; whether it is a key isn't looked at", program: caddy, Limits: true, Learns: true, files: rateLimit},
		{Name: "Caddy map", Says: "`map` from credential to whether it is known; no limit", program: caddy, Gate: true, MaxKeys: listed, files: caddyMap},
		{Name: "Caddy header", Says: "`header` matcher with a line for each key; no limit", program: caddy, Gate: true, MaxKeys: listed, files: caddyHeader},
		{Name: "Caddy forward_auth", Says: "asks a small server about each request; no limit", program: caddy, Gate: true, Asks: true, files: forwardAuth},
		{Name: Nginx, Says: "`proxy_pass` and nothing else", program: nginx, files: bareNginx},
		{Name: "nginx map", Says: "`map` of keys, and `limit_req`", program: nginx, Gate: true, Limits: true, Learns: true, files: nginxMap},
		{Name: "nginx auth_request", Says: "asks the small server about each request; no limit", program: nginx, Gate: true, Asks: true, files: nginxAuthRequest},
		{Name: HAProxy, Says: "`server` and nothing else", program: haproxy, files: bareHAProxy},
		{Name: "HAProxy map", Says: "a map file of keys, and a stick-table", program: haproxy, Gate: true, Limits: true, Learns: true, files: haproxyMap},
	}
}
