package redislimiter

import (
	"io"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/redis"
)

// Look makes a limiter that takes no part in the fleet and looks at its
// buckets, and what ends its connection.
func (l *Limiter) Look() (limit.Limiter, io.Closer) {
	glance := redis.NewGlance(redis.Config{Server: l.options})
	return glance, glance
}
