package redis

import (
	"context"
	"strings"
)

// ByKey makes a limiter read Redis's time, in microseconds, from a key.
func ByKey(l *Limiter, key string) {
	l.server.prelude = strings.Replace(fleetScript, "redis.call('TIME')", "{redis.call('GET', '"+key+"') / 1e6, 0}", 1)
	l.server.compile()
}

// Settle does all that is to be done beside the requests, at once: leases that
// were spent from are told of, however briefly that was ago.
func (l *Limiter) Settle() {
	now := l.cfg.Clock()
	l.table.Sweep(func(b *buckets) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.cells {
			if c.lease.told > c.lease.held {
				l.post.send(b, c)
			}
		}
		return false
	})
	l.Await()
	_ = now
}

// Await waits until nothing is under way.
func (l *Limiter) Await() {
	var calls []*call
	l.table.Sweep(func(b *buckets) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.cells {
			if c.call != nil {
				calls = append(calls, c.call)
			}
		}
		return false
	})
	for _, c := range calls {
		<-c.done
	}
}

// Beat beats at once.
func (l *Limiter) Beat() { l.link.tick(context.Background()) }

// Joined reports whether Redis counts this node as present.
func (l *Limiter) Joined() bool { return l.link.phase() == joined }

// Tend does what is due on the agenda, and awaits it.
func (l *Limiter) Tend() {
	l.agenda.tend()
	l.Await()
}
