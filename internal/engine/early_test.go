package engine

import (
	"testing"
	"time"
)

func TestRequestThatComesBeforeTheStartIsAnswered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.other, nil)
	e := f.idle()
	e.Expect(&Settings{MaxStaleness: time.Second, FlushInterval: time.Hour, CacheSize: 10})
	if _, found, err := e.Find(t.Context(), secret, f.now()); err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	if got := e.settings.current.Load().MaxStaleness; got != time.Second {
		t.Errorf("it began with a staleness of %v", got)
	}
	must(t, e.Start(t.Context(), &DefaultSettings))
	if got := e.settings.current.Load(); got != &DefaultSettings {
		t.Errorf("the start's settings aren't in force, but %+v", got)
	}
}

func TestEngineThatWasClosedBeginsForNobody(t *testing.T) {
	t.Parallel()
	f := setup(t)
	e := f.idle()
	e.Expect(&DefaultSettings)
	must(t, e.Hurry(0))
	e.beginEarly()
	if e.started {
		t.Error("it began after its end")
	}
}
