package quota

import (
	"errors"
	"time"
)

// holdings are a counter's slices of what all nodes share.
type holdings struct {
	subject Subject
	life    uint64
	era     uint64
	slices  [periods]slice
	waiting int64 // what requests wait for, in sum
	call    *call // the exchange that is under way; nil: none is
	listed  bool  // it is among those that owe the ledger something
}

// limits are the least quotas of each period; 0: none.
type limits [periods]int64

func limitsOf(quotas []Quota) (l limits) {
	for _, q := range quotas {
		if l[q.Period] == 0 || q.Max < l[q.Period] {
			l[q.Period] = q.Max
		}
	}
	return l
}

// follow begins the era and the periods that now lies in. A clock that was set
// back stays in the later period.
func (h *holdings) follow(era uint64, now time.Time) {
	if h.era != era {
		for p := range h.slices {
			h.slices[p].forget(h.era == 0)
		}
		h.era = era
	}
	for p := range h.slices {
		if start := Period(p).Start(now); start.After(h.slices[p].start) {
			h.slices[p] = slice{start: start}
		}
	}
}

// idle reports whether nothing is lost by forgetting it.
func (h *holdings) idle() bool { return h.call == nil && h.waiting == 0 && !h.owes() }

// owes reports whether the ledger is to be told of any of its slices.
func (h *holdings) owes() bool {
	for p := range h.slices {
		if h.slices[p].owes() {
			return true
		}
	}
	return false
}

// take spends cost in every period that has a limit, or in none. look is how a
// slice is judged.
func (h *holdings) take(l limits, cost int64, now time.Time, look func(s *slice, limit int64) view) (excess Excess, v view) {
	v = enough
	for p, limit := range l {
		if limit == 0 {
			continue
		}
		switch look(&h.slices[p], limit) {
		case lacking:
			v = lacking
		case exhausted:
			if wait := Period(p).End(now).Sub(now); wait >= excess.RetryAfter {
				excess = Excess{Quota: Quota{Max: limit, Period: Period(p)}, RetryAfter: wait}
			}
		}
	}
	if excess.RetryAfter > 0 {
		return excess, exhausted
	}
	if v == enough {
		for p, limit := range l {
			if limit > 0 {
				h.slices[p].spend(limit, cost)
			}
		}
	}
	return excess, v
}

// giveBack undoes a take of the same time.
func (h *holdings) giveBack(quotas []Quota, cost int64, at time.Time) {
	for p, limit := range limitsOf(quotas) {
		if s := &h.slices[p]; limit > 0 && !Period(p).Start(at).Before(s.start) {
			s.giveBack(cost)
		}
	}
}

// ask composes what a request lacks.
func (h *holdings) ask(l limits, cost int64, now time.Time) (all []Statement) {
	for p, limit := range l {
		if limit > 0 && h.slices[p].look(limit, cost, now) == lacking {
			all = append(all, h.sign(h.slices[p].ask(limit, cost, h.waiting+cost, now), Period(p), now))
		}
	}
	return all
}

// sign says whose statement it is.
func (h *holdings) sign(st Statement, p Period, now time.Time) Statement {
	st.Subject, st.Life, st.Period, st.End = h.subject, h.life, p, p.End(st.Start)
	st.Keep = max(0, st.End.Sub(now)) + remembered
	return st
}

// hear takes over answers to what was said under an era.
func (h *holdings) hear(era uint64, said []Statement, answers []Answer, at time.Time) {
	for i, a := range answers {
		s := &h.slices[said[i].Period]
		switch {
		case h.era != era || !s.start.Equal(said[i].Start): // of a time that is over
		case a.NeedsBase:
			s.lent = s.held > 0
		default:
			s.hear(a, at)
		}
	}
}

// away reports whether an error says that each node goes on by itself.
func away(err error) bool { return errors.Is(err, ErrAway) }
