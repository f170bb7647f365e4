package e2e

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// check is the body of a test that may be expected to fail.
type check func(t testing.TB, g *gate)

// trial is a test whose failure is an answer.
type trial struct {
	testing.TB // of the test that asks
	said       []string
}

// complaint runs a check, and returns the first thing that it had to say
// against the gate; empty: it passed.
func complaint(t testing.TB, g *gate, c check) string {
	t.Helper()
	asked := &trial{TB: t}
	before := g.t
	g.t = asked
	defer func() { g.t = before }()
	g.upstream.seen()
	done := make(chan struct{})
	go func() { // which a failure ends
		defer close(done)
		c(asked, g)
	}()
	<-done
	if len(asked.said) == 0 {
		return ""
	}
	return asked.said[0]
}

func (a *trial) say(text string) {
	a.said = append(a.said, strings.TrimSpace(text))
}

// Error implements testing.TB.
func (a *trial) Error(args ...any) { a.say(fmt.Sprintln(args...)) }

// Errorf implements testing.TB.
func (a *trial) Errorf(format string, args ...any) { a.say(fmt.Sprintf(format, args...)) }

// Fail implements testing.TB.
func (a *trial) Fail() { a.say("failed") }

// FailNow implements testing.TB.
func (a *trial) FailNow() {
	a.Fail()
	runtime.Goexit()
}

// Failed implements testing.TB.
func (a *trial) Failed() bool { return len(a.said) > 0 }

// Fatal implements testing.TB.
func (a *trial) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (a *trial) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}
