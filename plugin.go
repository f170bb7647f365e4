// Package keystile adds API keys to Caddy: building Caddy with this package
// (xcaddy build --with github.com/keystile/keystile) is enough.
package keystile

import (
	// The app, the handlers, and the commands.
	_ "github.com/keystile/keystile/caddymodule"
	// Guest modules: each can also be built in by itself.
	_ "github.com/keystile/keystile/caddymodule/locallimiter"
	_ "github.com/keystile/keystile/caddymodule/postgresstore"
	_ "github.com/keystile/keystile/caddymodule/redislimiter"
	_ "github.com/keystile/keystile/caddymodule/sqlitestore"
)
