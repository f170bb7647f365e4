package keycache

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/keystile/keystile/internal/keys"
)

// ways is how many entries a set holds: with its lock and its tags, they fill
// one cache line.
const ways = 6

// spare is how many more places than entries there are, in percent: with two
// sets to choose from, hardly an entry then finds both full before there are
// as many as may be.
const spare = 33

// table is a bounded memory of entries by fingerprint. Each has a place in one
// of the two sets that its fingerprint names, as in a set-associative cache
// (two choices: Azar, Broder, Karlin, Upfal, "Balanced Allocations", 1994).
// Looking takes no lock and writes to memory at most once for many looks; what
// has been looked at since the hand passed is not evicted (CLOCK: Corbató, "A
// Paging Experiment with the Multics System", 1968).
type table[V any] struct {
	// useless tells entries that can be evicted before any other.
	useless  func(*entry[V]) bool
	sets     atomic.Pointer[sets[V]]
	resizing sync.Mutex
	evicted  atomic.Int64
}

type sets[V any] struct {
	all   []set[V]
	most  int64 // entries
	count atomic.Int64
}

// set is some places. Tags are a byte of each entry's fingerprint, so that
// entries which aren't asked for stay out of sight; the byte behind them is the
// hand.
type set[V any] struct {
	mu     sync.Mutex // of whoever changes anything
	tags   atomic.Uint64
	places [ways]atomic.Pointer[entry[V]]
}

func newTable[V any](entries int64, useless func(*entry[V]) bool) *table[V] {
	t := &table[V]{useless: useless}
	t.sets.Store(newSets[V](entries))
	return t
}

func newSets[V any](entries int64) *sets[V] {
	n := (entries + entries*spare/100 + ways - 1) / ways
	return &sets[V]{all: make([]set[V], n), most: entries}
}

// choose returns the indices of the two sets of a fingerprint, and its tag.
func (s *sets[V]) choose(fp *keys.Fingerprint) (one, two uint64, tag byte) {
	n := uint64(len(s.all))
	one, _ = bits.Mul64(binary.LittleEndian.Uint64(fp[0:8]), n)
	two, _ = bits.Mul64(binary.LittleEndian.Uint64(fp[8:16]), n)
	return one, two, fp[16]
}

// get returns the entry of a fingerprint; nil where there is none.
func (t *table[V]) get(fp *keys.Fingerprint) *entry[V] {
	s := t.sets.Load()
	one, two, tag := s.choose(fp)
	e := s.all[one].find(fp, tag)
	if e == nil {
		e = s.all[two].find(fp, tag)
	}
	if e != nil {
		e.mark.use()
	}
	return e
}

func (s *set[V]) find(fp *keys.Fingerprint, tag byte) *entry[V] {
	tags := s.tags.Load()
	for i := range ways {
		if byte(tags>>(8*i)) != tag {
			continue
		}
		if e := s.places[i].Load(); e != nil && e.fingerprint == *fp {
			return e
		}
	}
	return nil
}

// put makes an entry that of its fingerprint, in place of another one where
// that is due.
func (t *table[V]) put(e *entry[V]) {
	s := t.sets.Load()
	one, two, tag := s.choose(&e.fingerprint)
	a, b := s.lock(one, two)
	defer s.unlock(one, two)
	for _, in := range [...]*set[V]{a, b} {
		if i := in.index(e); i >= 0 {
			in.places[i].Store(e)
			return
		}
	}
	full := s.count.Load() >= s.most
	in := a
	if full == (b.free() < a.free()) {
		in = b // the emptier one, or the fuller one where an entry has to go
	}
	if in.free() == 0 || full && in.free() < ways {
		in.set(in.victim(t.useless), tag, e)
		t.evicted.Add(1)
		return
	}
	s.count.Add(1)
	in.set(in.index(nil), tag, e)
}

// drop removes the entry of a fingerprint.
func (t *table[V]) drop(fp *keys.Fingerprint) {
	s := t.sets.Load()
	one, two, tag := s.choose(fp)
	if s.all[one].find(fp, tag) == nil && s.all[two].find(fp, tag) == nil {
		return
	}
	a, b := s.lock(one, two)
	defer s.unlock(one, two)
	for _, in := range [...]*set[V]{a, b} {
		for i := range in.places {
			if e := in.places[i].Load(); e != nil && e.fingerprint == *fp {
				in.places[i].Store(nil)
				s.count.Add(-1)
			}
		}
	}
}

// resize changes how many entries there may be. What is put meanwhile may be
// forgotten.
func (t *table[V]) resize(entries int64) {
	t.resizing.Lock()
	defer t.resizing.Unlock()
	old := t.sets.Load()
	if old.most == entries {
		return
	}
	t.sets.Store(newSets[V](entries))
	for i := range old.all {
		for j := range old.all[i].places {
			if e := old.all[i].places[j].Load(); e != nil && !t.useless(e) {
				t.put(e)
			}
		}
	}
}

// lock locks two sets, which may be one, in the order of their indices.
func (s *sets[V]) lock(one, two uint64) (a, b *set[V]) {
	s.all[min(one, two)].mu.Lock()
	if one != two {
		s.all[max(one, two)].mu.Lock()
	}
	return &s.all[one], &s.all[two]
}

func (s *sets[V]) unlock(one, two uint64) {
	s.all[one].mu.Unlock()
	if one != two {
		s.all[two].mu.Unlock()
	}
}

// index is the place of the entry with e's fingerprint, or for nil of none; -1
// where there isn't one.
func (s *set[V]) index(e *entry[V]) int {
	for i := range s.places {
		have := s.places[i].Load()
		if e == nil && have == nil || e != nil && have != nil && have.fingerprint == e.fingerprint {
			return i
		}
	}
	return -1
}

func (s *set[V]) free() (n int) {
	for i := range s.places {
		if s.places[i].Load() == nil {
			n++
		}
	}
	return n
}

// set fills a place: the tag last, so that who sees it finds the entry.
func (s *set[V]) set(at int, tag byte, e *entry[V]) {
	s.places[at].Store(e)
	shift := 8 * at
	s.tags.Store(s.tags.Load()&^(0xff<<shift) | uint64(tag)<<shift)
}

// victim is the place of the entry that goes; there is one.
func (s *set[V]) victim(useless func(*entry[V]) bool) int {
	for i := range s.places {
		if e := s.places[i].Load(); e != nil && useless(e) {
			return i
		}
	}
	const shift = 8 * ways
	for hand := int(byte(s.tags.Load() >> shift)); ; hand++ {
		at := hand % ways
		e := s.places[at].Load()
		if e == nil || e.mark.spare() {
			continue
		}
		s.tags.Store(s.tags.Load()&^(0xff<<shift) | uint64((at+1)%ways)<<shift)
		return at
	}
}
