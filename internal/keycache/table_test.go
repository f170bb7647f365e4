package keycache

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"github.com/keystile/keystile/internal/keys"
)

func fingerprint(i int) keys.Fingerprint { return keys.FingerprintOf(fmt.Sprint("secret ", i)) }

// held makes a table and puts so many entries into it.
func held(entries int64, n int) *table[int] {
	t := newTable(entries, func(e *entry[int]) bool { return e.value < 0 })
	for i := range n {
		t.put(&entry[int]{fingerprint: fingerprint(i), value: i})
	}
	return t
}

// found is how many of the entries from a to b are there, each with its value.
func (t *table[V]) found(of *testing.T, a, b int, same func(V, int) bool) (n int) {
	of.Helper()
	for i := a; i < b; i++ {
		fp := fingerprint(i)
		if e := t.get(&fp); e != nil {
			n++
			if !same(e.value, i) {
				of.Errorf("entry %d has the value %v", i, e.value)
			}
		}
	}
	return n
}

func itself(v, i int) bool { return v == i }

func TestAsManyKeysAsMayBeAreAllInMemory(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 7, 100, 10_000, 250_000} {
		table := held(int64(n), n)
		if got := table.found(t, 0, n, itself); got < n-n/1000 {
			t.Errorf("of %d keys in a memory for as many, %d are there", n, got)
		}
	}
}

func TestMemoryStaysBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 1000} {
		table := held(int64(n), 50*n)
		sets := table.sets.Load()
		if got := table.found(t, 0, 50*n, itself); int64(got) != sets.count.Load() || got > n+n/100+1 {
			t.Errorf("a memory for %d keys holds %d, and counts %d", n, got, sets.count.Load())
		}
	}
}

func TestAKeyInUseOutlivesAnyNumberOfOthers(t *testing.T) {
	t.Parallel()
	const most, used = 1000, 100
	table := held(most, used)
	for i := used; i < 50*most; i++ {
		table.put(&entry[int]{fingerprint: fingerprint(i), value: i})
		if i%used == 0 { // each is asked for again long before the memory has turned over
			table.found(t, 0, used, itself)
		}
	}
	if got := table.found(t, 0, used, itself); got < used*8/10 {
		t.Fatalf("%d of %d keys in use are there", got, used)
	}
}

func TestWhatIsOutdatedGoesFirst(t *testing.T) {
	t.Parallel()
	const most = 1000
	table := held(most, most/2)
	for i := most / 2; i < most; i++ {
		table.put(&entry[int]{fingerprint: fingerprint(i), value: -1})
	}
	for i := range most / 4 {
		table.put(&entry[int]{fingerprint: fingerprint(-1 - i), value: 0})
	}
	if got := table.found(t, 0, most/2, itself); got < most/2*8/10 {
		t.Errorf("%d of %d keys outlived others that came while half of the memory was outdated", got, most/2)
	}
}

func TestAResizedMemoryKeepsWhatFits(t *testing.T) {
	t.Parallel()
	table := held(1000, 1000)
	before := table.found(t, 0, 1000, itself)
	table.resize(5000)
	if got := table.found(t, 0, 1000, itself); got != before {
		t.Errorf("of %d keys, %d are there in a larger memory", before, got)
	}
	table.resize(100)
	if got := table.found(t, 0, 1000, itself); got > 102 || got < 90 {
		t.Errorf("in a memory for 100 there are %d", got)
	}
}

func TestADroppedEntryIsGoneAndAReplacedOneHasItsNewValue(t *testing.T) {
	t.Parallel()
	table := held(10, 5)
	fp := fingerprint(3)
	table.put(&entry[int]{fingerprint: fp, value: 33})
	if e := table.get(&fp); e == nil || e.value != 33 {
		t.Errorf("replaced: %+v", e)
	}
	table.drop(&fp)
	table.drop(&fp)
	if e := table.get(&fp); e != nil || table.sets.Load().count.Load() != 4 {
		t.Errorf("dropped: %+v, and %d counted", e, table.sets.Load().count.Load())
	}
}

func TestWhatIsReadOfAnEntryAndASetFillsACacheLineEach(t *testing.T) {
	t.Parallel()
	const line = 64
	if head, set := unsafe.Offsetof(entry[*int]{}.value), unsafe.Sizeof(set[*int]{}); head >= line || set != line {
		t.Errorf("an entry's value begins after %d bytes and a set takes %d, want less than %d and as many", head, set, line)
	}
}

func TestManyAtOnceFindOnlyWhatBelongsToAFingerprint(t *testing.T) {
	t.Parallel()
	table := held(64, 0)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20_000 {
				i := rand.IntN(200)
				fp := fingerprint(i)
				switch rand.IntN(10) {
				case 0:
					table.put(&entry[int]{fingerprint: fp, value: i})
				case 1:
					table.drop(&fp)
				case 2:
					if rand.IntN(1000) == 0 {
						table.resize(int64(32 + rand.IntN(64)))
					}
				default:
					if e := table.get(&fp); e != nil && e.value != i {
						t.Errorf("%d has the value %d", i, e.value)
					}
				}
			}
		})
	}
	all.Wait()
	if got := table.found(t, 0, 200, itself); int64(got) != table.sets.Load().count.Load() {
		t.Errorf("%d are there, and %d counted", got, table.sets.Load().count.Load())
	}
}
