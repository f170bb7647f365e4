// Command caddy is the one binary behind every row of the comparison that says
// Caddy, made as xcaddy would make it: Caddy's standard modules, Keystile, and
// caddy-ratelimit.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	// What a download of Caddy holds.
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	// What is compared.
	_ "github.com/mholt/caddy-ratelimit"

	_ "github.com/keystile/keystile"
)

func main() { caddycmd.Main() }
