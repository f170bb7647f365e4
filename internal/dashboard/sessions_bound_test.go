package dashboard

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

func TestSessionsAreBoundedAndTheOneUsedLastStays(t *testing.T) {
	t.Parallel()
	s, now := NewSessions(nil), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	unused, _ := s.begin(manage.Actor{}, now)
	used, _ := s.begin(manage.Actor{}, now)
	for range mostSessions {
		now = now.Add(time.Second)
		s.find(used, now, true)
		s.begin(manage.Actor{}, now)
	}
	if len(s.all) != mostSessions || s.find(unused, now, true) != nil || s.find(used, now, true) == nil {
		t.Errorf("of %d sessions, the unused one is %v and the used one %v", len(s.all), s.find(unused, now, false), s.find(used, now, false))
	}
	now = now.Add(wholeTime)
	s.begin(manage.Actor{}, now)
	if len(s.all) != 1 {
		t.Errorf("%d sessions are remembered that are over", len(s.all)-1)
	}
}

func TestWhatIsToBeShownOnceIsBounded(t *testing.T) {
	t.Parallel()
	s, now := NewSessions(nil), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	_, one := s.begin(manage.Actor{}, now)
	for i := range 3 * mostShown {
		one.keep(string(rune('a'+i)), revealed{at: now})
	}
	if len(one.shown) > mostShown {
		t.Errorf("%d secrets wait to be shown", len(one.shown))
	}
	one.keep("late", revealed{at: now.Add(shownWithin)})
	if len(one.shown) != 1 {
		t.Errorf("%d secrets wait on that nobody asked for", len(one.shown)-1)
	}
}
