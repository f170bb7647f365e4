// Package redislimiter is the guest module keystile.limiters.redis: limits are
// counted in Redis, or in Valkey, for all nodes together.
package redislimiter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/redis"
)

func init() {
	caddy.RegisterModule(Limiter{})
	goredis.SetLogger(silent{}) // the limiter says itself, once, when Redis is away
}

var errURL = errors.New("limiter redis: the server's URL can't be read; it is written redis://USER:PASSWORD@HOST:PORT/DATABASE (rediss: with TLS), " +
	"with what isn't a letter or a digit percent-encoded, or unix://USER:PASSWORD@/PATH?db=DATABASE")

// silent is a logger of the client that says nothing.
type silent struct{}

// Printf implements the client's logger.
func (silent) Printf(context.Context, string, ...any) {}

// Limiter counts requests in Redis, for all nodes that use the same one.
type Limiter struct {
	// The server: redis://, rediss:// or unix://, with a user, a password and
	// the number of a database where needed. Placeholders such as
	// {env.REDIS_URL} are resolved at start; one that is unset is an error.
	URL string `json:"url"`

	options *goredis.Options
	key     string
}

// CaddyModule implements caddy.Module.
func (Limiter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.limiters.redis", New: func() caddy.Module { return new(Limiter) }}
}

// UnmarshalCaddyfile reads: limiter redis URL
func (l *Limiter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // redis
	if !d.NextArg() {
		return d.Err("limiter redis needs the server's URL, such as redis://localhost:6379")
	}
	l.URL = d.Val()
	if d.Next() {
		return d.Err("limiter redis takes one URL and nothing behind it") // which may be a part of a password
	}
	return nil
}

// Provision implements caddy.Provisioner. It reads the URL, and asks nobody.
func (l *Limiter) Provision(caddy.Context) error {
	text, err := caddy.NewReplacer().ReplaceOrErr(l.URL, true, true)
	if err != nil {
		return fmt.Errorf("limiter redis: %w", err)
	}
	if text == "" {
		return errors.New("limiter redis: the server's URL is missing")
	}
	if l.options, err = goredis.ParseURL(text); err != nil {
		return errURL // which says nothing of the text: a password may be in it
	}
	digest := sha256.Sum256([]byte(text))
	l.key = "redis:" + hex.EncodeToString(digest[:8])
	return nil
}

// Key tells apart servers, databases and credentials: who changes a password
// gets connections with the new one.
func (l *Limiter) Key() string { return l.key }

// Open makes a limiter that asks nobody before it is started.
func (l *Limiter) Open() (limit.Limiter, error) {
	start := time.Now()
	return redis.New(redis.Config{
		Server: l.options, Node: rand.Text(),
		Clock: func() limit.Instant { return limit.Instant(time.Since(start)) },
	}), nil
}

// Interface guards.
var (
	_ caddy.Provisioner     = (*Limiter)(nil)
	_ caddyfile.Unmarshaler = (*Limiter)(nil)
)
