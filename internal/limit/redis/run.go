package redis

import (
	"context"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// greet is what each new connection begins with: what the server has lost while
// nobody was connected is to be known before anything is leased from it. A user
// who may not ask for INFO gets by without.
func (s *server) greet(ctx context.Context, conn *goredis.Conn) error {
	text, err := conn.Info(ctx).Result()
	if err != nil {
		return nil //nolint:nilerr // an old snapshot is then found out by nobody, as the documentation says
	}
	info := fields(text)
	keys := []string{s.fleetKey(), s.fleetKey() + ":run"}
	if err := s.runs.Eval(ctx, conn, keys, info["run_id"]).Err(); err != nil {
		return fmt.Errorf("greet Redis: %w", err)
	}
	return nil
}

// fields reads name:value lines.
func fields(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			out[name] = value
		}
	}
	return out
}
