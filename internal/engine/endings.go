package engine

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const (
	// endsSoon is how long before its end a key is told of.
	endsSoon = 14 * day
	// seekEvery is how often keys are looked for that have come so close.
	seekEvery = time.Hour
	// endingsAtOnce bounds the keys that are read at once, and mostEndings
	// those that are known to have been told of, in all.
	endingsAtOnce = 1000
	mostEndings   = 10_000
)

// endings tells of keys that end soon, each once for as long as the engine
// lives and the key's end stays where it is.
type endings struct {
	engine *Engine
	loop   *background.Loop
	mu     sync.Mutex
	told   map[keys.ID]time.Time // by key, the end that was told of
}

func (n *endings) init(e *Engine) {
	n.engine, n.told = e, map[keys.ID]time.Time{}
	n.loop = background.NewLoop(seekEvery, n.seek)
}

// seek looks through all keys that end soon.
func (n *endings) seek(ctx context.Context) {
	if !n.engine.teller.queue.Wants(events.KeyExpiring) {
		return
	}
	n.forget(n.engine.cfg.Now())
	if err := n.seekEverywhere(ctx); err != nil && ctx.Err() == nil {
		n.engine.cfg.Log.Warn("keys that expire soon could not be looked for; it is tried again in an hour", "error", err)
	}
}

func (n *endings) seekEverywhere(ctx context.Context) error {
	var all []storage.Workspace
	err := n.glance(ctx, func(ctx context.Context, r storage.Reader) (err error) {
		all, err = r.Workspaces(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("list workspaces: %w", err)
	}
	for _, workspace := range all {
		if err := n.seekIn(ctx, workspace.Name); err != nil {
			return fmt.Errorf("look in workspace %s: %w", workspace.Name, err)
		}
	}
	return nil
}

// seekIn goes through a workspace's keys by their ends. One that a page passes
// over since another one left the list is found by the next round.
func (n *endings) seekIn(ctx context.Context, workspace string) error {
	now := n.engine.cfg.Now()
	filter := storage.KeyFilter{
		Workspace: workspace, Status: keys.Active, Now: now, EndsBefore: now.Add(endsSoon),
		Order: storage.KeyOrder{By: storage.ByEnd}, Limit: endingsAtOnce,
	}
	for ; filter.Offset < mostEndings; filter.Offset += endingsAtOnce {
		var page []keys.Key
		err := n.glance(ctx, func(ctx context.Context, r storage.Reader) (err error) {
			page, err = r.Keys(ctx, filter)
			return err
		})
		if err != nil {
			return err
		}
		for i := range page {
			if err := n.consider(ctx, &page[i]); err != nil {
				return err
			}
		}
		if len(page) < endingsAtOnce {
			return nil
		}
	}
	return nil
}

func (n *endings) glance(ctx context.Context, fn func(context.Context, storage.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, finalTimeout)
	defer cancel()
	return n.engine.cfg.Store.Glance(ctx, func(r storage.Reader) error { return fn(ctx, r) })
}

// consider tells of a key if it ends soon and that wasn't told yet.
func (n *endings) consider(ctx context.Context, k *keys.Key) error {
	now, queue := n.engine.cfg.Now(), n.engine.teller.queue
	if k.StatusAt(now) != keys.Active || k.ExpiresAt.IsZero() || !k.ExpiresAt.Before(now.Add(endsSoon)) ||
		!queue.Wants(events.KeyExpiring) || !n.note(k) {
		return nil
	}
	err := queue.Put(ctx, n.engine.event(events.KeyExpiring, keyData(k)))
	if err != nil {
		n.mu.Lock()
		delete(n.told, k.ID)
		n.mu.Unlock()
	}
	return err
}

// note reports whether a key's end is news, and notes that it was told of.
func (n *endings) note(k *keys.Key) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	end, known := n.told[k.ID]
	if known && end.Equal(k.ExpiresAt) || !known && len(n.told) >= mostEndings {
		return false
	}
	n.told[k.ID] = k.ExpiresAt
	return true
}

// forget makes room: what has ended isn't told of again.
func (n *endings) forget(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.DeleteFunc(n.told, func(_ keys.ID, end time.Time) bool { return !now.Before(end) })
}
