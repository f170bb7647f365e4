// Package caddymodule is Keystile as Caddy sees it: the app that is configured
// once, the handlers that stand on sites, and the commands. It is the only
// package, with its leaves, that knows Caddy.
package caddymodule
