package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/verdict"
)

// checkStreamsEvery is how often streams are held against what is known now.
const checkStreamsEvery = 500 * time.Millisecond

// Stream is a response that goes on after its decision: a WebSocket, an event
// stream, a download without a known end.
type Stream struct {
	entry *Entry
	// still asks whether the key, as it is now, may go on.
	still func(*verdict.Principal, time.Time) bool
	cut   func()
}

// streams holds what must end when its key's right does. Keys are spread over
// shards, so that responses of different keys seldom wait for each other.
type streams struct {
	seed   maphash.Seed
	shards [streamShards]streamShard
}

const streamShards = 32

type streamShard struct {
	mu     sync.Mutex
	byKey  map[keys.ID]map[*Stream]struct{}
	marked map[keys.ID]struct{} // to be checked against the store
}

func (s *streams) init() { s.seed = maphash.MakeSeed() }

func (s *streams) shard(id keys.ID) *streamShard {
	return &s.shards[maphash.String(s.seed, string(id))%streamShards]
}

// Watch cuts a stream once its key's right ends: the key is revoked, paused,
// deleted, expired or narrowed, or nobody can tell any more. The caller calls
// stop when the stream has ended by itself. fp is of the secret that was
// presented.
func (e *Engine) Watch(entry *Entry, fp keys.Fingerprint, still func(*verdict.Principal, time.Time) bool, cut func()) (stop func()) {
	one := &Stream{entry: entry, still: still, cut: cut}
	id := entry.Principal.ID
	shard := e.streams.shard(id)
	shard.add(id, one)
	if !e.cache.Knows(fp, e.cfg.Now()) {
		shard.mark(id) // the key changed between the decision and now
	}
	return func() { shard.remove(id, one) }
}

func (s *streamShard) add(id keys.ID, one *Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey, s.marked = map[keys.ID]map[*Stream]struct{}{}, map[keys.ID]struct{}{}
	}
	if s.byKey[id] == nil {
		s.byKey[id] = map[*Stream]struct{}{}
	}
	s.byKey[id][one] = struct{}{}
}

func (s *streamShard) remove(id keys.ID, one *Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey[id], one)
	if len(s.byKey[id]) == 0 {
		delete(s.byKey, id)
		delete(s.marked, id)
	}
}

func (s *streamShard) mark(id keys.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byKey[id]) > 0 {
		s.marked[id] = struct{}{}
	}
}

// markAll has every stream checked: what changed can't be told by key.
func (s *streams) markAll() {
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		for id := range shard.byKey {
			shard.marked[id] = struct{}{}
		}
		shard.mu.Unlock()
	}
}

// note marks the streams that changes of the log may end.
func (s *streams) note(changes []storage.Change) {
	for _, change := range changes {
		switch change.Subject {
		case storage.SubjectKey:
			s.shard(keys.ID(change.Name)).mark(keys.ID(change.Name))
		case storage.SubjectWorkspace, storage.SubjectProject:
			s.markAll()
			return
		case storage.SubjectToken, storage.SubjectScheme: // open no stream
		}
	}
}

// checkStreams cuts what has lost its right. A node that can't tell any more
// cuts everything, as it refuses every request.
func (e *Engine) checkStreams(ctx context.Context) {
	e.cutEnded()
	for i := range e.streams.shards {
		shard := &e.streams.shards[i]
		for _, id := range shard.changed() {
			if !e.recheck(ctx, shard, id) {
				return // the store can't tell: the rest stays marked
			}
			e.cutEnded() // the store may have been slow
		}
	}
}

// cutEnded cuts what needs no store to be judged.
func (e *Engine) cutEnded() {
	now := e.cfg.Now()
	blind := e.blind(now)
	for i := range e.streams.shards {
		for _, one := range e.streams.shards[i].all() {
			if blind || one.entry.Principal.Expired(now) {
				one.cut()
			}
		}
	}
}

func (s *streamShard) all() (standing []*Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.byKey {
		standing = slices.AppendSeq(standing, maps.Keys(of))
	}
	return standing
}

func (s *streamShard) changed() []keys.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.marked))
}

// recheck reads a key that changed, and cuts those of its streams that it may
// not go on with. It is unmarked before the read, so that what changes during
// it marks it again; while the store can't tell, it stays marked. What the store
// holds of a key that is damaged is no right to go on.
func (e *Engine) recheck(ctx context.Context, shard *streamShard, id keys.ID) (told bool) {
	standing := shard.unmark(id)
	principal, err := e.reread(ctx, id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrDamaged) {
		shard.mark(id)
		return false
	}
	now := e.cfg.Now()
	for _, one := range standing {
		if err != nil || !one.still(principal, now) {
			one.cut()
			continue
		}
		one.entry = &Entry{Principal: *principal} // its expiry may have moved
	}
	return true
}

// unmark returns the streams of a key that is about to be checked.
func (s *streamShard) unmark(id keys.ID) []*Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.marked, id)
	return slices.Collect(maps.Keys(s.byKey[id]))
}

func (e *Engine) reread(ctx context.Context, id keys.ID) (principal *verdict.Principal, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	err = e.cfg.Store.View(ctx, func(r storage.Reader) error {
		k, err := r.Key(ctx, id)
		if err != nil {
			return err
		}
		if principal, err = verdict.NewPrincipal(k); err != nil {
			return fmt.Errorf("%w: %w", storage.ErrDamaged, err)
		}
		return nil
	})
	return principal, err
}
