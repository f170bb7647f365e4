// Package keycache is the bounded memory of presented secrets in front of a
// store: what each one turned out to be, for as long as nothing says that it
// changed.
//
// A fill of the cache can race an invalidation, in whatever order the two are
// applied. So entries carry the revision that they were read at, and a small
// table of fences holds, for each part of the digests, the lowest revision
// that is still good. An entry below its fence is a miss when it is *used*.
package keycache

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// slots is how many fences there are: a change makes one entry in so many a
// needless miss.
const slots = 1 << 14

type slot uint16

// slotOf needs no more than the tail of a digest: news have only that.
func slotOf(d keys.Digest) slot {
	tail := d.Tail()
	return slot(binary.LittleEndian.Uint16(tail[:]) % slots)
}

// fence holds the lowest good revision of each slot, and of everything that
// says that nobody has a secret. It only rises, save behind a commit that failed.
type fence struct {
	lowest [slots]atomic.Int64
	absent atomic.Int64
	moves  atomic.Uint64 // how often it was raised
}

// generation is what entries are believed together by: they came from one
// loader, and from one log, whose fence it is. Several may share a fence.
type generation struct {
	*fence
	number uint32
}

func (f *fence) raise(changes []storage.Change) {
	for _, change := range changes {
		if change.Subject == storage.SubjectScheme {
			raise(&f.absent, change.Revision)
		}
		for _, d := range change.Digests {
			raise(&f.lowest[slotOf(d)], change.Revision)
		}
	}
	// Last: a read that was sent before all of it stood doesn't count as sent after.
	f.moves.Add(1)
}

func (f *fence) lower(to storage.Revision) {
	for i := range f.lowest {
		f.lowest[i].Store(min(f.lowest[i].Load(), int64(to)))
	}
	f.absent.Store(min(f.absent.Load(), int64(to)))
}

func raise(at *atomic.Int64, to storage.Revision) {
	for {
		old := at.Load()
		if old >= int64(to) || at.CompareAndSwap(old, int64(to)) {
			return
		}
	}
}

// passes reports whether what was read at a revision is still good for a slot.
func (f *fence) passes(s slot, read storage.Revision) bool {
	return f.lowest[s].Load() <= int64(read)
}
