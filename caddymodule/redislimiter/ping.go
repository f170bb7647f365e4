package redislimiter

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"
)

// Ping asks the server once, on a connection of its own.
func (l *Limiter) Ping(ctx context.Context) error {
	options := *l.options
	options.MaxRetries, options.PoolSize, options.ContextTimeoutEnabled = -1, 1, true
	client := goredis.NewClient(&options)
	defer func() { _ = client.Close() }() // nothing is under way
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ask Redis at %s: %w", l.options.Addr, err)
	}
	return nil
}
