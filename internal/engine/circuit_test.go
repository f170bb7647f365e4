package engine

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/quota"
)

// attempts are what requests ask of a store, beside its keys.
func (m *member) attempts(k *ticket) map[string]error {
	ctx, now := m.f.t.Context(), m.cfg.Now()
	_, _, key := m.Fetch(ctx, keys.FingerprintOf(k.secret), k.secret, now)
	_, catalogue := m.PlanOf(ctx, "elsewhere")
	_, quotas := m.sumUsage(ctx, quota.Subject{Workspace: "default"}, now)
	return map[string]error{"a key": key, "the catalogue": catalogue, "a quota": quotas}
}

func TestSTORE03ARequestDoesNotWaitForAStoreThatLeavesPollsUnanswered(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m, k := f.node(), f.key()
	asked := 0
	m.handle.blind, m.handle.between = true, func() { asked++ }
	m.poll()
	asked = 0
	for what, err := range m.attempts(k) {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if asked > 0 {
		t.Errorf("the store was asked %d times", asked)
	}
	m.handle.blind = false
	m.poll()
	m.want(k, string(keys.Active), "when the store answers again")
}

func TestAStoreThatOnlyTakesNoBeatsIsRead(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.beats = true
	m, k := f.node(), f.key()
	m.handle.mute = true // as where a disk is full
	f.pass(time.Hour)
	m.poll()
	m.want(k, string(keys.Active), "while beats fail and reads don't")
}

func TestOneBrokenConnectionKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m, k := f.node(), f.key()
	m.handle.blind = true
	m.handle.between = func() { m.handle.between, m.handle.blind = func() { m.handle.blind = false }, true }
	m.poll()
	m.want(k, string(keys.Active), "after a poll whose first try failed")
}

func TestTheCatalogueIsAwaitedForABoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		m := f.node()
		f.pass(time.Hour) // nothing in memory is believed
		m.catalogue.reading <- struct{}{}
		asked := time.Now()
		if _, err := m.PlanOf(t.Context(), "any"); !errors.Is(err, ErrUnavailable) || time.Since(asked) != lookupTimeout {
			t.Errorf("while somebody else reads for ever: %v after %v", err, time.Since(asked))
		}
		<-m.catalogue.reading
	})
}
