package limittest

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// Vector is a story of one subject with the exact answer to each step.
type Vector struct {
	Name   string
	Limits []*limit.Limit
	Steps  []Step
}

// Step is one Take from all of a vector's limits.
type Step struct {
	At   time.Duration // since the start
	Cost limit.Cost
	Want Answer
}

// Answer holds the headline figures of a decision.
type Answer struct {
	Granted    bool
	Limit      string // the closest
	Remaining  int64
	Reset      time.Duration
	RetryAfter time.Duration
}

const ms = time.Millisecond

// Vectors are exact for every limiter.
var Vectors = []Vector{{
	Name:   "a bucket without burst holds its rate",
	Limits: []*limit.Limit{newLimit("live", "2/s", 0)},
	Steps: []Step{
		{0, 1, Answer{true, "live", 1, 500 * ms, 0}},
		{0, 1, Answer{true, "live", 0, 1000 * ms, 0}},
		{0, 1, Answer{false, "live", 0, 1000 * ms, 500 * ms}},
		{499 * ms, 1, Answer{false, "live", 0, 501 * ms, 1 * ms}},
		{500 * ms, 1, Answer{true, "live", 0, 1000 * ms, 0}},
		{2000 * ms, 1, Answer{true, "live", 1, 500 * ms, 0}},
	},
}, {
	Name:   "a burst is more than the rate",
	Limits: []*limit.Limit{newLimit("live", "10/s", 20)},
	Steps: []Step{
		{0, 20, Answer{true, "live", 0, 2000 * ms, 0}},
		{0, 1, Answer{false, "live", 0, 2000 * ms, 100 * ms}},
		{1050 * ms, 5, Answer{true, "live", 5, 1450 * ms, 0}},
		{1050 * ms, 7, Answer{false, "live", 0, 1450 * ms, 150 * ms}},
	},
}, {
	Name:   "a burst is less than the rate",
	Limits: []*limit.Limit{newLimit("live", "60/m", 1)},
	Steps: []Step{
		{0, 1, Answer{true, "live", 0, 1000 * ms, 0}},
		{999 * ms, 1, Answer{false, "live", 0, 1 * ms, 1 * ms}},
		{1000 * ms, 1, Answer{true, "live", 0, 1000 * ms, 0}},
	},
}, {
	Name:   "a cost above the bucket waits for a window and never passes",
	Limits: []*limit.Limit{newLimit("live", "10/s", 20)},
	Steps: []Step{
		{0, 21, Answer{false, "live", 0, 0, 2000 * ms}},
		{2000 * ms, 21, Answer{false, "live", 0, 0, 2000 * ms}},
		{2000 * ms, 20, Answer{true, "live", 0, 2000 * ms, 0}},
		{2000 * ms, 1 << 62, Answer{false, "live", 0, 2000 * ms, 2000 * ms}},
	},
}, {
	Name:   "a cost of nothing looks without spending",
	Limits: []*limit.Limit{newLimit("live", "1/h", 0)},
	Steps: []Step{
		{0, 0, Answer{true, "live", 1, 0, 0}},
		{0, 1, Answer{true, "live", 0, time.Hour, 0}},
		{0, 0, Answer{true, "live", 0, time.Hour, 0}},
		{0, -5, Answer{true, "live", 0, time.Hour, 0}},
		{0, 1, Answer{false, "live", 0, time.Hour, time.Hour}},
	},
}, {
	Name:   "an interval that is no whole number of nanoseconds is rounded up",
	Limits: []*limit.Limit{newLimit("live", "3/s", 0)},
	Steps: []Step{
		{0, 3, Answer{true, "live", 0, 1000*ms + 2, 0}},
		{0, 1, Answer{false, "live", 0, 1000*ms + 2, 333333334}},
		{333333333, 1, Answer{false, "live", 0, 666666669, 1}},
		{333333334, 1, Answer{true, "live", 0, 1000*ms + 2, 0}},
	},
}, {
	Name:   "of several limits the least remaining is told, then the latest reset",
	Limits: []*limit.Limit{newLimit("second", "5/s", 0), newLimit("minute", "6/m", 0), newLimit("hour", "6/h", 0)},
	Steps: []Step{
		{0, 1, Answer{true, "second", 4, 200 * ms, 0}},
		{400 * ms, 2, Answer{true, "hour", 3, 30*time.Minute - 400*ms, 0}},
		{600 * ms, 3, Answer{true, "hour", 0, time.Hour - 600*ms, 0}},
	},
}, {
	Name:   "of several denials the longest is told",
	Limits: []*limit.Limit{newLimit("second", "1/s", 0), newLimit("minute", "1/m", 0), newLimit("hour", "9/h", 0)},
	Steps: []Step{
		{0, 1, Answer{true, "minute", 0, time.Minute, 0}},
		{0, 1, Answer{false, "minute", 0, time.Minute, time.Minute}},
		{30 * time.Second, 1, Answer{false, "minute", 0, 30 * time.Second, 30 * time.Second}},
		{time.Minute, 1, Answer{true, "minute", 0, time.Minute, 0}},
	},
}}

func (v Vector) check(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	for i, step := range v.Steps {
		if got := answerOf(b.take(t, s, step.At, step.Cost, v.Limits...)); got != step.Want {
			t.Errorf("step %d, at %v for %d:\n got %+v\nwant %+v", i, step.At, step.Cost, got, step.Want)
		}
	}
}

func answerOf(d limit.Decision) Answer {
	s := d.Headline()
	return Answer{d.Granted, s.Limit.Name, s.Remaining, s.Reset, d.RetryAfter}
}
