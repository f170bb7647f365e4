package e2e

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestSoakLeaksNothingAndLosesNoCount has clients of every kind, management
// calls, reloads and faults go on beside each other. It is short in make test,
// and takes twenty minutes in make soak.
func TestSoakLeaksNothingAndLosesNoCount(t *testing.T) {
	t.Parallel()
	s := setupSoak(t)
	s.run(sized(5*time.Second, time.Minute)) // what a process makes once, it has by now
	before := s.idle()
	began := time.Now()
	all := s.run(sized(20*time.Second, 20*time.Minute))
	took := time.Since(began)
	after, back := s.returned(before)

	t.Logf("%v, %d samples; idle before: %v; idle after: %v; peak: %v", took.Round(time.Second), len(all), before, after, peak(all))
	t.Logf("mishaps: %v", s.mishaps)
	t.Logf("answers: %v", s.book.answers)
	t.Logf("%d calls of keys in all; %d requests were sent again", s.crowd.number.Load(), s.crowd.again.Load())
	if !back {
		t.Errorf("the process held %v before, and holds %v %v after", before, after, settleWithin)
	}
	wantFlat(t, all)
	s.wantMixed()
	s.saw.agrees(t, s.crowd)
	dropped := int64(s.counter("keystile_usage_dropped_total"))
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	s.wantCounted(dropped)
}

// run lets clients call and mishaps happen for so long, and takes samples of the
// process meanwhile.
func (s *soak) run(span time.Duration) (all []reading) {
	s.t.Helper()
	stop := make(chan struct{})
	var working sync.WaitGroup
	for range soakClients {
		working.Go(func() { s.visit(stop) })
	}
	working.Go(func() { s.administrate(stop) })
	for over := time.Now().Add(span); time.Now().Before(over); {
		for _, m := range s.mishapsOf() {
			s.book.during(m.name)
			m.begin()
			all = append(all, s.watch(m.lasts)...)
			s.book.during("the end of " + m.name)
			m.end()
			s.mishaps[m.name]++
			all = append(all, s.watch(soakCalm)...)
		}
	}
	close(stop)
	working.Wait()
	return all
}

// wantMixed fails the test where the load wasn't what it says it is.
func (s *soak) wantMixed() {
	s.t.Helper()
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	if len(s.book.odd) > 0 {
		s.t.Errorf("%d answers were none that belongs to its request, such as %.1500q", len(s.book.odd), s.book.odd[:min(5, len(s.book.odd))])
	}
	for _, what := range slices.Concat(soakOutcomes, soakDeeds) {
		if s.book.answers[what] == 0 {
			s.t.Errorf("%s: never, of %v", what, s.book.answers)
		}
	}
	if n := len(s.mishaps); n != len(s.mishapsOf()) {
		s.t.Errorf("mishaps: %v", s.mishaps)
	}
}

// wantCounted compares, key by key, what clients counted with what the store
// holds. Whether a call that was refused for want of the store, or of Redis, was
// one of a known key's, its client can't tell.
func (s *soak) wantCounted(dropped int64) {
	t := s.t
	t.Helper()
	var made []key
	for _, id := range slices.Sorted(maps.Keys(s.crowd.tally)) {
		made = append(made, key{ID: id})
	}
	var counted, stored sum
	wrong := 0
	for id, held := range sums(t, made, s.db) {
		seen := s.crowd.tally[id]
		counted.allowed, counted.denied = counted.allowed+seen.allowed, counted.denied+seen.denied
		stored.allowed, stored.denied, stored.total = stored.allowed+held.allowed, stored.denied+held.denied, stored.total+held.total
		late := held.denied - seen.denied
		if held.allowed != seen.allowed || held.total != seen.allowed || late < 0 || late > s.book.unavailable[id] {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: the store holds %+v, its clients counted %d allowed, %d denied, %d unavailable", id, held, seen.allowed, seen.denied, s.book.unavailable[id])
			}
		}
	}
	t.Logf("%d keys; clients counted %d allowed and %d denied calls; the store holds %d, %d in cells, and %d denied; %d dropped",
		len(made), counted.allowed, counted.denied, stored.total, stored.allowed, stored.denied, dropped)
	if wrong > 0 || stored.allowed+dropped != counted.allowed {
		t.Errorf("%d of %d keys are wrong", wrong, len(made))
	}
}
