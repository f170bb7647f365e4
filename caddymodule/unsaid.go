package caddymodule

import (
	"context"
	"io"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
)

// What only a running gateway knows of a decision.
const (
	unsaidBuckets = "What the buckets of limits hold is in the memory of the running gateways: they are taken as full. Ask with --api for what they hold."
	unsaidLeases  = "Limits are as Redis has them: what gateways have spent of their slices in the last moments is missing."
	unsaidAway    = "What the buckets of limits hold isn't known: they are taken as full. The limiter's server doesn't answer: "
	unsaidQuotas  = "Quotas are as the store has them: calls of the last flush interval are missing."
	unsaidGuesses = "How many unknown keys this address has shown (unknown_keys) is in the memory of the running gateways: it is taken as none."
)

// looked is a guest module whose buckets are on a server, where they can be
// looked at from beside the gateways.
type looked interface {
	answering
	// Look makes a limiter whose Take spends nothing, whatever the cost, and what
	// ends it.
	Look() (limit.Limiter, io.Closer)
}

// look is the limiter for who only looks.
func (p *parts) look(ctx context.Context) glimpse {
	module, onServer := p.limiter.(looked)
	if !onServer {
		return glimpse{full{}, nothing{}, unsaidBuckets}
	}
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	if err := module.Ping(ctx); err != nil {
		return glimpse{full{}, nothing{}, unsaidAway + err.Error()}
	}
	buckets, closer := module.Look()
	return glimpse{buckets, closer, unsaidLeases}
}

// unsaid tells what can't be known here, of what a decision came upon.
func (a *App) unsaid(buckets string) func(*gateway.Call) []string {
	return func(c *gateway.Call) (notes []string) {
		if c.Verdict.Limits.Count > 0 {
			notes = append(notes, buckets)
		}
		if c.Quotas() > 0 {
			notes = append(notes, unsaidQuotas)
		}
		if c.Verdict.Code == problem.UnknownKey && c.Rehearsal.KeyID == "" && a.parts.unknown != nil {
			notes = append(notes, unsaidGuesses)
		}
		return notes
	}
}

// full is a limiter of which nobody took anything.
type full struct{}

// Approach implements limit.Limiter.
func (full) Approach(*limit.Way) {}

// Sweep implements limit.Limiter.
func (full) Sweep(time.Time) {}

// Take implements limit.Limiter.
func (full) Take(_ context.Context, _ limit.Subject, limits []*limit.Limit, cost limit.Cost, _ time.Time) (limit.Decision, error) {
	if err := limit.CheckCount(limits); err != nil {
		return limit.Decision{}, err
	}
	cells := make([]*limit.Cell, len(limits))
	for i, one := range limits {
		cells[i] = &limit.Cell{Bucket: one.Rate.Bucket()}
	}
	return limit.TakeAll(limits, cells, cost, 0), nil
}

type nothing struct{}

// Close implements io.Closer.
func (nothing) Close() error { return nil }
