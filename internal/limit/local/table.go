package local

import (
	"hash/maphash"
	"maps"
	"sync"

	"github.com/keystile/keystile/internal/limit"
)

const shards = 64

// table finds the buckets of a subject by its ID. Locks are taken in the order
// shard, then buckets.
type table struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu       sync.Mutex
	subjects map[string]*buckets
	peak     int // largest size since the map was made
}

func (t *table) init() {
	t.seed = maphash.MakeSeed()
	for i := range t.shards {
		t.shards[i].subjects = make(map[string]*buckets)
	}
}

// resolve returns the buckets of id, which it makes where there are none.
func (t *table) resolve(id string) *buckets {
	s := &t.shards[maphash.String(t.seed, id)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subjects[id]
	if b == nil {
		b = &buckets{}
		s.subjects[id] = b
		s.peak = max(s.peak, len(s.subjects))
	}
	return b
}

func (t *table) len() int {
	n := 0
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += len(s.subjects)
		s.mu.Unlock()
	}
	return n
}

func (t *table) sweep(now limit.Instant) {
	for i := range t.shards {
		t.shards[i].sweep(now)
	}
}

func (s *shard) sweep(now limit.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, b := range s.subjects {
		if b.retire(now) {
			delete(s.subjects, id)
		}
	}
	s.shrink()
}

// shrink makes the map anew once it is mostly empty: a map never gives memory
// back.
func (s *shard) shrink() {
	if s.peak < 64 || len(s.subjects) > s.peak/4 {
		return
	}
	smaller := make(map[string]*buckets, len(s.subjects))
	maps.Copy(smaller, s.subjects)
	s.subjects, s.peak = smaller, len(smaller)
}
