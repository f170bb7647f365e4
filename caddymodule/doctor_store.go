package caddymodule

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

const (
	// examineWithin bounds each question to the store or the limiter.
	examineWithin = 5 * time.Second
	// slightly and far are how much two clocks may differ before it is told, and
	// before keys expire at the wrong time.
	slightly, far = 2 * time.Second, 30 * time.Second
)

const storeAdvice = "see that it runs, that the configuration names it rightly, and that you run this as the user of the gate"

// store looks at the store, and at what it holds where its schema is this
// version's.
func (e *examination) store() {
	store, err := e.app.parts.store.OpenForCommand(false)
	if err != nil {
		e.fail("store", err.Error(), storeAdvice)
		return
	}
	defer func() { _ = store.Close() }() // nothing was changed
	ctx, cancel := context.WithTimeout(e.ctx, examineWithin)
	defer cancel()
	began := now()
	missing, err := store.Missing(ctx)
	took := now().Sub(began).Round(time.Millisecond)
	switch {
	case err != nil:
		e.fail("store", err.Error(), storeAdvice)
		return
	case missing > 0:
		e.ok("store", "it answers, in %v", took)
		e.warn("migrations", fmt.Sprintf("%d are missing", missing), "the next start of a gate, and any other command, makes them: make a copy of the store first")
		return
	}
	e.ok("store", "it answers, in %v", took)
	e.ok("migrations", "none is missing")
	e.within(ctx, store)
}

// within looks at what a store holds.
func (e *examination) within(ctx context.Context, store storage.Store) {
	dropped, err := storage.CheckPeppers(ctx, store, e.app.parts.hasher, e.app.parts.lost, now())
	switch {
	case err != nil:
		e.fail("keys", err.Error(), "see docs/peppers.md")
	case dropped != nil:
		e.warn("keys", dropped.Error(), "until then, these keys are unknown: see docs/peppers.md")
	default:
		e.ok("keys", "the configuration has the pepper of each")
	}
	e.clock(ctx, store)
	err = store.View(ctx, func(r storage.Reader) error {
		nodes, err := r.Nodes(ctx)
		if err != nil {
			return err
		}
		e.nodes(nodes)
		all, err := r.Workspaces(ctx)
		if err != nil {
			return err
		}
		e.plans(all)
		return nil
	})
	if err != nil {
		e.fail("store", err.Error(), storeAdvice)
	}
}

// clock compares this machine's clock with the store's, and with the latest
// entry of the audit trail.
func (e *examination) clock(ctx context.Context, store storage.Store) {
	theirs, err := store.Clock(ctx)
	if err != nil {
		e.fail("clock", err.Error(), storeAdvice)
		return
	}
	here := now()
	apart := time.Duration(0)
	against := "nothing was done in the future"
	if !theirs.IsZero() {
		apart = here.Sub(theirs).Abs().Round(time.Millisecond)
		against = fmt.Sprintf("it is within %v of the store's", apart)
	}
	if last, known := latestEntry(ctx, store); known && last.Sub(here) > max(apart, slightly) {
		apart, against = last.Sub(here).Round(time.Second), "the audit trail has an entry from the future"
	}
	const advice = "keys expire and limits count by this machine's clock: have it set by NTP, on each machine"
	switch {
	case apart > far:
		e.fail("clock", fmt.Sprintf("%s: %v", against, apart), advice)
	case apart > slightly:
		e.warn("clock", fmt.Sprintf("%s: %v", against, apart), advice)
	default:
		e.ok("clock", "%s", against)
	}
}

func latestEntry(ctx context.Context, store storage.Store) (at time.Time, known bool) {
	err := store.View(ctx, func(r storage.Reader) error {
		all, err := r.Audit(ctx, storage.AuditFilter{Workspace: storage.DefaultWorkspace, Limit: 1})
		if len(all) > 0 {
			at, known = all[0].Time, true
		}
		return err
	})
	return at, known && err == nil
}

// nodes looks at who else uses the store, and whether limits hold for all of
// them.
func (e *examination) nodes(nodes []storage.Node) {
	running := map[string]bool{}
	for _, n := range nodes {
		running[n.Name] = true
	}
	names := strings.Join(slices.Sorted(maps.Keys(running)), ", ")
	_, together := e.app.parts.limiter.(answering)
	switch {
	case len(running) == 0:
		e.ok("gateways", "none is running")
	case len(running) > 1 && !together:
		e.warn("gateways", fmt.Sprintf("%d are running, and each counts limits for itself: %s", len(running), names), "state `limiter redis URL` on all of them")
	default:
		e.ok("gateways", "%d running: %s", len(running), names)
	}
}

// plans looks for plans that workspaces have and the configuration lacks.
func (e *examination) plans(workspaces []storage.Workspace) {
	lost := e.app.lostPlans(workspaces)
	if len(lost) == 0 {
		e.ok("plans", "each workspace has one that is configured, or none")
		return
	}
	found := "workspaces have plans that are not configured: " + strings.Join(slices.Sorted(maps.Keys(lost)), ", ")
	if e.app.DefaultPlan == "" {
		e.fail("plans", found+"; calls with their keys are refused", "give them another with `keystile workspaces edit`, or state a default_plan")
		return
	}
	e.warn("plans", found+"; the default plan holds in their place", "give them another with `keystile workspaces edit`")
}

// answering is a limiter that can be asked whether its server is there.
type answering interface {
	// Ping asks the server; an error says nothing of a password.
	Ping(ctx context.Context) error
}

// limiter looks at what counts requests.
func (e *examination) limiter() {
	module, asks := e.app.parts.limiter.(answering)
	if !asks {
		e.ok("limiter", "local: each gateway counts for itself")
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, examineWithin)
	defer cancel()
	began := now()
	if err := module.Ping(ctx); err != nil {
		found := "it doesn't answer: " + err.Error()
		if e.app.OnLimiterFailure == deny {
			e.fail("limiter", found, "requests with limits are refused until it does: see that it runs and that the configuration names it rightly")
			return
		}
		e.fail("limiter", found, "each gateway enforces its share until it does: see that it runs and that the configuration names it rightly")
		return
	}
	e.ok("limiter", "it answers, in %v", now().Sub(began).Round(time.Millisecond))
}
