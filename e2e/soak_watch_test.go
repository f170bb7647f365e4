package e2e

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// reading is what the process holds at one time.
type reading struct {
	holdings
	resident int64 // bytes, as the kernel counts them
}

func (s reading) String() string {
	const mib = 1 << 20
	return fmt.Sprintf("%d goroutines, %d files, %.1f MiB of heap, %.1f MiB resident", s.goroutines, s.files, float64(s.heap)/mib, float64(s.resident)/mib)
}

var (
	sampleEvery = sized(300*time.Millisecond, 2*time.Second)
	soakCalm    = sized(300*time.Millisecond, 2*time.Second)
)

// watch takes readings for so long, one at least.
func (s *soak) watch(span time.Duration) (all []reading) {
	s.t.Helper()
	over := time.Now().Add(span)
	for {
		all = append(all, s.read())
		left := time.Until(over)
		if left <= 0 {
			return all
		}
		timer := time.NewTimer(min(left, sampleEvery))
		<-timer.C
	}
}

func (s *soak) read() reading {
	s.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.process.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	var size, resident int64 // pages (proc_pid_statm(5))
	if _, err := fmt.Sscan(string(stat), &size, &resident); err != nil {
		s.t.Fatal(err)
	}
	return reading{s.holdings(), resident * int64(os.Getpagesize())}
}

// idle is what the process holds when it has nothing to do.
func (s *soak) idle() (held reading) {
	s.t.Helper()
	eventually(s.t, settleWithin, "the process is idle", func() bool {
		was := held.holdings
		held = s.read()
		return held.within(was) && was.within(held.holdings)
	})
	return held
}

// poolFiles are those of connections to a database that stay open once they are
// needed: eight that read from a file, with two files each.
const poolFiles = 16

// filling is by how much caches of a bounded size may still grow in a run that is
// short.
var filling = sized[int64](4<<20, 0)

// returned waits until the process holds no more than it did before, but for
// what the pool of connections may hold.
func (s *soak) returned(before reading) (after reading, back bool) {
	s.t.Helper()
	most := before.holdings
	most.files, most.heap = most.files+poolFiles, most.heap+filling
	back = becomes(settleWithin, func() bool {
		after = s.read()
		return after.within(most)
	})
	return after, back
}

// peak is the most there was of each.
func peak(all []reading) (p reading) {
	for _, s := range all {
		p.goroutines, p.files = max(p.goroutines, s.goroutines), max(p.files, s.files)
		p.heap, p.resident = max(p.heap, s.heap), max(p.resident, s.resident)
	}
	return p
}

// wantFlat holds the median of the last third of samples against that of the
// first third: it may be a tenth more, and a little that a short run can't do
// without.
func wantFlat(t testing.TB, all []reading) {
	t.Helper()
	const spare, spareHeap, spareResident = 10, 4 << 20, 32 << 20
	third := len(all) / 3
	first, last := median(all[:third]), median(all[len(all)-third:])
	t.Logf("median of the first third: %v; of the last: %v", first, last)
	grown := func(from, to, spare int64) bool { return to > from+from/10+spare }
	if grown(int64(first.goroutines), int64(last.goroutines), spare) || grown(int64(first.files), int64(last.files), spare) ||
		grown(first.heap, last.heap, spareHeap) || grown(first.resident, last.resident, spareResident) {
		t.Errorf("it grows: the first third held %v, the last one %v", first, last)
	}
}

// median is that of each figure.
func median(all []reading) reading {
	var goroutines, files []int
	var heap, resident []int64
	for _, s := range all {
		goroutines, files = append(goroutines, s.goroutines), append(files, s.files)
		heap, resident = append(heap, s.heap), append(resident, s.resident)
	}
	return reading{holdings{middle(goroutines), middle(files), middle(heap)}, middle(resident)}
}

func middle[T int | int64](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}
