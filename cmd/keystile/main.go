// Command keystile is Caddy with Keystile built in, and with Keystile's
// commands at the top level.
package main

import (
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/keystile/keystile"
	"github.com/keystile/keystile/caddymodule"
)

func main() { caddymodule.Main() }
