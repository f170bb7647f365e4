package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/usage"
	"github.com/keystile/keystile/internal/verdict"
)

// Entry is a key in memory, with everything that its requests touch within
// reach of a pointer. What each of them touches comes first.
type Entry struct {
	common    *common
	counters  usage.Counters
	buckets   limit.Way
	Principal verdict.Principal
}

// Count adds a call to what the key was used for.
func (e *Entry) Count(event usage.Event) { e.counters.Count(e.Principal.ID, event) }

// Project is the label of the key's own project.
func (e *Entry) Project() usage.Label { return e.common.project }

// Tell writes what the upstream is told of the key. A route's project takes the
// place of the key's.
func (e *Entry) Tell(h http.Header, routeProject string) {
	e.common.headers.Set(h, e.Principal.ID, e.Principal.Owner, routeProject)
}

// Recall answers what a presented secret is from memory. now is the time of
// this very request. known is false where only the store can tell; found is
// false for a secret that nobody has.
func (e *Engine) Recall(fp keys.Fingerprint, now time.Time) (entry *Entry, found, known bool) {
	entry, found, known = e.cache.Recall(fp, now)
	if known {
		e.stats.CacheHits.Add(1)
	}
	if found {
		e.cfg.Limiter.Approach(&entry.buckets)
		entry.counters.Approach()
	}
	return entry, found, known
}

// Met reports whether this node has seen a secret as a key's.
func (e *Engine) Met(fp keys.Fingerprint) bool { return e.cache.Met(fp) }

// Fetch answers what a presented secret is from the store; every error is
// ErrUnavailable, and comes at once while the store leaves polls unanswered.
func (e *Engine) Fetch(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time) (entry *Entry, found bool, err error) {
	e.stats.CacheMisses.Add(1)
	if !e.cache.Trusted(now) {
		e.follower.hurry()
	}
	if err := e.reachable(); err != nil {
		return nil, false, err
	}
	if err := e.awaitReady(ctx); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	entry, found, err = e.cache.Fetch(ctx, fp, secret, now)
	if err != nil {
		e.complain(err, now)
	}
	return entry, found, err
}

// errBehind is the answer of a server that has been replaced, and doesn't know.
var errBehind = errors.New("the server that answered is behind what this node has seen")

// load reads the store for a secret that isn't in memory.
func (e *Engine) load(secret string, into *Entry) (keycache.Loaded, error) {
	var none keycache.Loaded
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	e.stats.StoreReads.Add(1)
	defer e.stats.begins(OpLookup)()
	known := e.node.reached.Load().Revision
	got, candidates, err := e.finder.Load().Find(ctx, secret)
	if err == nil && got.Revision < known {
		err = errBehind
		e.follower.loop.Kick() // it may be another log, as after a restore
	}
	if err != nil {
		e.stats.StoreErrors.Add(1)
		return none, fmt.Errorf("look a key up: %w", err)
	}
	if got.Key == nil {
		return keycache.Loaded{Revision: got.Revision, Digests: candidates}, nil
	}
	if err = e.fill(into, got.Key); err == nil && got.Key.ReplacedBy != "" {
		err = e.markReplaced(ctx, into, got.Key)
	}
	if err != nil {
		return none, err
	}
	return keycache.Loaded{Found: true, Revision: got.Revision, Digests: []keys.Digest{got.Key.Digest}}, nil
}

// awaitReady waits for an engine that starts, so long and no longer.
func (e *Engine) awaitReady(ctx context.Context) error {
	select {
	case <-e.ready:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case <-e.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the store isn't ready: %w", ctx.Err())
	}
}

// fill makes an empty entry that of a key.
func (e *Engine) fill(entry *Entry, k *keys.Key) error {
	common, err := e.commons.of(k)
	if err != nil {
		return fmt.Errorf("read the record of %s: %w", k.ID, err)
	}
	entry.Principal = verdict.PrincipalOf(k, &common.rights)
	entry.common = common
	e.recorder.Bind(&entry.counters)
	return nil
}
