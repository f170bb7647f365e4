package redis

import (
	"bytes"
	"context"
	"strings"

	"github.com/keystile/keystile/internal/quota"
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

// Leases is how many leases a request is about.
func (l *Limiter) Leases(request []byte) int {
	return bytes.Count(request, []byte(l.server.leases.Hash()))
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

// CallOf makes a call for a bucket as a node would have made it earlier: under a
// number of the test's. It returns whether Redis took it for news.
func (l *Limiter) CallOf(key string, seq uint64, held, want int64) (kept, granted int64, news bool) {
	a := arguments{
		key: l.cfg.Name + ":{rate}:" + key, seq: seq, epoch: l.link.epoch(), interval: 1e12, burst: 100, held: held, need: 1, want: want,
	}
	answers, err := l.server.lease(context.Background(), []arguments{a})
	if err != nil {
		panic(err)
	}
	return answers[0].kept, answers[0].granted, answers[0].kind == settled
}

// Held is how many units a node may spend of a subject's buckets by now.
func (l *Limiter) Held(id string) (sum int64) {
	b := l.table.Resolve(id, func() *buckets { return &buckets{id: id} })
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.cells {
		sum += c.usable(l.cfg.Clock(), l.link.era.Load())
	}
	return sum
}

// Say makes a statement under a number of the test's. It returns whether Redis
// took it for news, and what all nodes have taken.
func Say(l *Limiter, st quota.Statement, seq uint64) (news bool, taken int64) {
	answers, err := l.server.record(context.Background(), []entry{{Statement: st, epoch: l.link.epoch(), seq: seq, parts: 4}})
	if err != nil {
		panic(err)
	}
	return answers[0].kind == ledgerSettled, answers[0].taken
}
