package limittest

import (
	"testing"

	"github.com/keystile/keystile/internal/limit"
)

// apart are the guarantees about whose bucket is whose.
var apart = map[string]func(*testing.T, bench){
	"SubjectsHaveBucketsOfTheirOwn":    subjectsApart,
	"LimitsHaveBucketsOfTheirOwn":      limitsApart,
	"GatesHaveBucketsOfTheirOwn":       gatesApart,
	"HandlesOfOneSubjectShareABucket":  handlesShare,
	"EqualLimitsShareABucket":          equalLimitsShare,
	"SubjectWithoutUseIsFull":          unusedIsFull,
	"SubjectMayBeNamedByAnythingAtAll": anyName,
}

func subjectsApart(t *testing.T, b bench) {
	l := newLimit("live", "5/h", 0)
	b.drain(t, Subject(b.limiter, "key_1"), 0, l)
	if got := b.drain(t, Subject(b.limiter, "key_2"), 0, l); got != 5 {
		t.Errorf("%d granted to a key that was never used, want 5", got)
	}
}

func limitsApart(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.drain(t, s, 0, newLimit("live", "5/h", 0))
	if got := b.drain(t, s, 0, newLimit("route GET /v1/x", "5/h", 0)); got != 5 {
		t.Errorf("%d granted from a limit that was never used, want 5", got)
	}
}

// gatesApart has two gates with equal routes, one of which is configured anew.
func gatesApart(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	of := func(gate, rate string) *limit.Limit {
		l := newLimit("route GET /v1/x live", rate, 0)
		l.Gate = gate
		return l
	}
	b.drain(t, s, 0, of("a.example.com", "5/h"))
	if got := b.drain(t, s, 0, of("b.example.com", "5/h")); got != 5 {
		t.Errorf("%d granted at a gate that was never asked, want 5", got)
	}
	if got := b.drain(t, s, 0, of("c.example.com", "7/h")); got != 7 {
		t.Errorf("%d granted at another gate with another rate, want 7", got)
	}
	if got := b.drain(t, s, 0, of("a.example.com", "6/h")); got != 1 {
		t.Errorf("%d granted at the first gate after a raise from 5 to 6, want 1", got)
	}
}

func handlesShare(t *testing.T, b bench) {
	l := newLimit("live", "5/h", 0)
	first, second := Subject(b.limiter, "key_1"), Subject(b.limiter, "key_1")
	for i, want := range []int64{4, 3, 2, 1, 0} {
		s := first
		if i%2 == 1 {
			s = second
		}
		if got := b.take(t, s, 0, 1, l).States[0].Remaining; got != want {
			t.Errorf("take %d leaves %d, want %d", i, got, want)
		}
	}
}

func equalLimitsShare(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.drain(t, s, 0, newLimit("live", "5/h", 0))
	if got := b.drain(t, s, 0, newLimit("live", "5/h", 0)); got != 0 {
		t.Errorf("%d granted by an equal limit of a new configuration", got)
	}
}

func unusedIsFull(t *testing.T, b bench) {
	d := b.take(t, Subject(b.limiter, "key_1"), 0, 0, newLimit("live", "5/h", 8))
	if s := d.Headline(); s.Remaining != 8 || s.Reset != 0 {
		t.Errorf("a bucket that was never used: %+v", s)
	}
}

func anyName(t *testing.T, b bench) {
	l := newLimit("live", "1/h", 0)
	for _, id := range []string{"", "2001:db8::/64", "key\x00_1", "ключ"} {
		if got := b.drain(t, Subject(b.limiter, id), 0, l); got != 1 {
			t.Errorf("subject %q: %d granted, want 1", id, got)
		}
	}
}
