// Package subjects finds what a limiter keeps of each key by the key's name.
package subjects

import (
	"hash/maphash"
	"maps"
	"sync"
)

const shards = 64

// Table finds the buckets B of a subject by its ID. Locks are taken in the
// order shard, then buckets.
type Table[B any] struct {
	seed   maphash.Seed
	shards [shards]shard[B]
}

type shard[B any] struct {
	mu       sync.Mutex
	subjects map[string]*B
	peak     int // largest size since the map was made
}

// NewTable makes an empty table.
func NewTable[B any]() *Table[B] {
	t := &Table[B]{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].subjects = make(map[string]*B)
	}
	return t
}

// Resolve returns the buckets of id; make makes them where there are none.
func (t *Table[B]) Resolve(id string, make func() *B) *B {
	s := &t.shards[maphash.String(t.seed, id)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subjects[id]
	if b == nil {
		b = make()
		s.subjects[id] = b
		s.peak = max(s.peak, len(s.subjects))
	}
	return b
}

// Len is how many subjects are in the table.
func (t *Table[B]) Len() int {
	n := 0
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += len(s.subjects)
		s.mu.Unlock()
	}
	return n
}

// Sweep removes what retire says may go. What was removed is never found again.
func (t *Table[B]) Sweep(retire func(*B) bool) {
	for i := range t.shards {
		t.shards[i].sweep(retire)
	}
}

func (s *shard[B]) sweep(retire func(*B) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, b := range s.subjects {
		if retire(b) {
			delete(s.subjects, id)
		}
	}
	s.shrink()
}

// shrink makes the map anew once it is mostly empty: a map never gives memory
// back.
func (s *shard[B]) shrink() {
	if s.peak < 64 || len(s.subjects) > s.peak/4 {
		return
	}
	smaller := make(map[string]*B, len(s.subjects))
	maps.Copy(smaller, s.subjects)
	s.subjects, s.peak = smaller, len(smaller)
}
