package quota

import "time"

const (
	// staleAfter is how old an answer may be that says that nothing is left:
	// others may have given back what they held.
	staleAfter = 500 * time.Millisecond
	// quickly is within what time a slice is used up that is too small, and
	// slowly after what time one is too large.
	quickly, slowly = 100 * time.Millisecond, time.Second
	// firstExtra and mostExtra bound what is asked for beyond what is waited for.
	firstExtra, mostExtra = 4, 1 << 20
	// remembered is for how long the ledger keeps a period that is over: nodes
	// whose clocks lag may still be in it.
	remembered = time.Hour
)

// slice is what a node may spend of one period of a subject, and what it knows
// of all nodes' use.
type slice struct {
	start time.Time
	used  int64 // spent in this era
	held  int64 // granted, and not spent
	top   int64 // what all nodes had taken when that was granted, itself included

	known bool
	taken int64     // what all nodes have spent and hold, as far as this one knows
	at    time.Time // when the ledger said that; zero: it is what is stored

	shared int64 // spent without the ledger, which has to be told
	told   int64 // how much of that is being told
	lent   bool  // the ledger counts more than what was spent
	asked  time.Time
	extra  int64
}

// view is how a slice stands to a cost.
type view int

const (
	lacking view = iota // the ledger has to be asked
	enough
	exhausted
)

// look says whether cost may be spent under a limit. What is held was granted
// under one that may have been higher: it is good for this one if no more was
// taken by then.
func (s *slice) look(limit, cost int64, now time.Time) view {
	switch {
	case cost > limit:
		return exhausted
	case s.shared > 0:
		return lacking
	case s.held >= cost && s.top <= limit:
		return enough
	case s.known && !s.at.IsZero() && now.Sub(s.at).Abs() < staleAfter && cost > limit-(s.taken-s.held):
		return exhausted
	}
	return lacking
}

// lookAlone is look while the ledger is away: what is held, and then this
// node's part of what was left.
func (s *slice) lookAlone(limit, cost, nodes int64) view {
	if s.held >= cost && s.top <= limit {
		return enough
	}
	if cost > max(0, limit-s.taken)/nodes-s.shared {
		return exhausted
	}
	return enough
}

// spend takes what look or lookAlone found to be enough.
func (s *slice) spend(limit, cost int64) {
	if s.held >= cost && s.top <= limit {
		s.held -= cost
	} else {
		s.shared += cost
	}
	s.used += cost
}

// giveBack undoes a spend.
func (s *slice) giveBack(cost int64) {
	if s.used < cost {
		return // of another era: what is stored says what was spent in it
	}
	s.used -= cost
	back := min(cost, s.shared)
	s.shared -= back
	s.held += cost - back
	s.lent = s.lent || s.held > 0
}

// ask composes what the ledger is asked, for a request and all that wait with it.
func (s *slice) ask(limit, cost, waiting int64, now time.Time) Statement {
	if s.top > limit {
		s.held = 0 // given back: this limit has to be asked for anew
	}
	switch took := now.Sub(s.asked).Abs(); {
	case s.asked.IsZero():
		s.extra = firstExtra
	case took < quickly:
		s.extra = min(2*s.extra+1, mostExtra)
	case took > slowly:
		s.extra /= 2
	}
	s.asked = now
	st := s.tell()
	st.Limit, st.Need, st.Extra = limit, max(0, cost-s.held), s.extra
	st.Want = max(st.Need, waiting-s.held)
	return st
}

// owes reports whether the ledger is to be told something.
func (s *slice) owes() bool { return s.lent || s.shared > 0 }

// tell composes where the node stands.
func (s *slice) tell() Statement {
	s.told, s.lent = s.shared, true
	return Statement{Start: s.start, Used: s.used, Held: s.held, Base: -1}
}

// hear takes over an answer to what was said at a time.
func (s *slice) hear(a Answer, at time.Time) {
	s.shared = max(0, s.shared-s.told)
	s.told = 0
	s.held += a.Granted
	s.known, s.taken, s.at = true, a.Taken, at
	if a.Granted > 0 {
		s.top = a.Taken
	}
	s.lent = s.held > 0
}

// forget is for an era that is over. Before the first, nothing was told.
func (s *slice) forget(first bool) {
	if first {
		return
	}
	*s = slice{start: s.start}
}
