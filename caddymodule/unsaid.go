package caddymodule

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
)

// What only a running gateway knows of a decision.
const (
	unsaidBuckets = "What the buckets of limits hold is in the memory of the running gateways: they are taken as full. Ask with --api for what they hold."
	unsaidQuotas  = "Quotas are as the store has them: calls of the last flush interval are missing."
	unsaidGuesses = "How many unknown keys this address has shown (unknown_keys) is in the memory of the running gateways: it is taken as none."
)

// looked is a guest module whose buckets can be looked at from beside the
// gateways.
type looked interface {
	// Look makes a limiter whose Take spends nothing, whatever the cost.
	Look() (limit.Limiter, func() error)
}

// look is the limiter for who only looks.
func (p *parts) look() (glimpse, error) {
	return glimpse{Limiter: full{}, Closer: nothing{}, says: unsaidBuckets}, nil
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

// Subject implements limit.Limiter.
func (full) Subject(string) limit.Subject { return full{} }

// Sweep implements limit.Limiter.
func (full) Sweep(time.Time) {}

// Take implements limit.Subject.
func (full) Take(_ context.Context, limits []*limit.Limit, cost limit.Cost, _ time.Time) (limit.Decision, error) {
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
