package redis

import (
	"context"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/quota"
)

// ledger carries what is said of quotas to Redis: what comes up while a round
// trip is under way goes together with the next one.
type ledger struct {
	limiter *Limiter
	loop    *background.Loop

	mu    sync.Mutex
	queue []*errand
}

// errand is one exchange. Its answers are there once it is done.
type errand struct {
	entries []entry
	done    chan struct{}
	answers []ledgerAnswer
	err     error
}

// entry is a statement as the script takes it.
type entry struct {
	quota.Statement
	epoch string
	seq   uint64
	parts int64
}

func (g *ledger) init(l *Limiter) {
	g.limiter = l
	g.loop = background.NewLoop(0, g.carry)
}

// Era implements quota.Ledger.
func (l *Limiter) Era() uint64 { return l.link.era.Load() }

// Nodes implements quota.Ledger.
func (l *Limiter) Nodes() int64 { return l.link.fleet() }

// Exchange implements quota.Ledger. It outlives ctx, and takes as long as a
// request waits for Redis.
func (l *Limiter) Exchange(_ context.Context, era uint64, all []quota.Statement) ([]quota.Answer, error) {
	epoch, err := l.ledger.enter(era)
	if err != nil {
		return nil, err
	}
	e := &errand{done: make(chan struct{})}
	for _, s := range all {
		e.entries = append(e.entries, entry{Statement: s, epoch: epoch, seq: l.seq.Add(1), parts: partsOfRest * l.link.fleet()})
	}
	l.ledger.send(e)
	patience := time.NewTimer(l.cfg.Patience)
	defer patience.Stop()
	select {
	case <-e.done:
	case <-patience.C:
		l.link.lose(errSlow)
		return nil, l.without()
	}
	if e.err != nil {
		return nil, l.without()
	}
	return l.read(e.answers)
}

// partsOfRest says that all nodes' slices together are a quarter of what is left.
const partsOfRest = 4

// enter waits a moment for Redis to count this node as present, where it is
// about to, and names the epoch of an era.
func (g *ledger) enter(era uint64) (epoch string, err error) {
	k := &g.limiter.link
	patience := time.NewTimer(g.limiter.cfg.Patience)
	defer patience.Stop()
	for {
		changed := k.changes()
		switch k.phase() {
		case away:
			return "", g.limiter.without()
		case joined:
			epoch, current := k.epochOf(era)
			if !current {
				return "", quota.ErrEra
			}
			return epoch, nil
		}
		select {
		case <-changed:
		case <-patience.C:
			return "", g.limiter.without()
		}
	}
}

// without is what happens without Redis.
func (l *Limiter) without() error {
	if l.link.deny.Load() {
		return quota.ErrUnavailable
	}
	return quota.ErrAway
}

func (g *ledger) send(e *errand) {
	g.mu.Lock()
	g.queue = append(g.queue, e)
	g.mu.Unlock()
	g.loop.Kick()
}

// fetch takes what one round trip is about.
func (g *ledger) fetch() (errands []*errand) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := 0; len(g.queue) > 0 && n < atOnce; g.queue = g.queue[1:] {
		errands = append(errands, g.queue[0])
		n += len(g.queue[0].entries)
	}
	if len(g.queue) == 0 {
		g.queue = nil
	}
	return errands
}

func (g *ledger) carry(ctx context.Context) {
	for errands := g.fetch(); len(errands) > 0; errands = g.fetch() {
		g.exchange(ctx, errands)
	}
}

// exchange asks Redis in one round trip.
func (g *ledger) exchange(ctx context.Context, errands []*errand) {
	var all []entry
	for _, e := range errands {
		all = append(all, e.entries...)
	}
	within, cancel := context.WithTimeout(ctx, g.limiter.cfg.replyWithin())
	defer cancel()
	answers, err := g.limiter.server.record(within, all)
	if err != nil {
		g.limiter.link.lose(err)
	}
	for _, e := range errands {
		if e.err = err; err == nil {
			e.answers, answers = answers[:len(e.entries)], answers[len(e.entries):]
		}
		close(e.done)
	}
	g.limiter.link.stats.Exchanges.Add(int64(len(all)))
}

// read translates what Redis answered.
func (l *Limiter) read(answers []ledgerAnswer) ([]quota.Answer, error) {
	all := make([]quota.Answer, 0, len(answers))
	for _, a := range answers {
		switch a.kind {
		case ledgerOtherEpoch:
			l.link.rejoin()
			return nil, quota.ErrEra
		case ledgerOvertaken:
			return nil, l.without()
		case ledgerNeedsBase:
			all = append(all, quota.Answer{NeedsBase: true})
		default:
			all = append(all, quota.Answer{Granted: a.granted, Taken: a.taken})
		}
	}
	return all, nil
}
