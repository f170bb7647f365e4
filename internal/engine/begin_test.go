package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// hidden is a store that can't be had at first.
type hidden struct {
	storage.Store
	fault error
}

func (s *hidden) Migrate(ctx context.Context) error {
	if s.fault != nil {
		return fmt.Errorf("dial: %w", s.fault)
	}
	return s.Store.Migrate(ctx)
}

// behind is an engine that isn't started, on a store with a fault, and a key in
// there. The engine tries again when the test says so, and not by itself.
func behind(t *testing.T, fault error) (e *Engine, store *hidden, secret string) {
	t.Helper()
	f := setup(t)
	_, secret = f.key(f.other, nil)
	e = f.idle()
	store = &hidden{e.cfg.Store, fault}
	e.cfg.Store = store
	e.awaiter.SetInterval(0)
	return e, store, secret
}

func (e *Engine) ask(t *testing.T, secret string) (keys.Status, error) {
	t.Helper()
	entry, found, err := e.Find(t.Context(), secret, e.cfg.Now())
	if err != nil || !found {
		return "", err
	}
	return entry.Principal.Status, nil
}

func TestSTORE01AnEngineStartsWithoutAStoreAndServesOnceThereIsOne(t *testing.T) {
	t.Parallel()
	e, store, secret := behind(t, storage.ErrUnreachable)
	settings := DefaultSettings
	must(t, e.Start(t.Context(), &settings))
	must(t, e.Begin(t.Context(), &settings)) // as a reload does
	for _, fault := range []error{storage.ErrUnreachable, errors.New("the schema is another program's")} {
		store.fault = fault
		e.beginLater(t.Context())
		if got, err := e.ask(t, secret); !errors.Is(err, ErrUnavailable) {
			t.Errorf("while %v, a key is %q, %v", fault, got, err)
		}
	}
	store.fault = nil
	for range 2 { // the second has nothing left to do
		e.beginLater(t.Context())
		if got, err := e.ask(t, secret); err != nil || got != keys.Active {
			t.Errorf("once the store answers, a key is %q, %v", got, err)
		}
	}
}

func TestAnEngineThatNeverFoundItsStoreEnds(t *testing.T) {
	t.Parallel()
	e, _, _ := behind(t, storage.ErrUnreachable)
	must(t, e.Start(t.Context(), &DefaultSettings)) // its end is the fixture's
}

func TestAStoreThatAnswersAndCannotBeUsedKeepsAnEngineFromStarting(t *testing.T) {
	t.Parallel()
	fault := errors.New("the schema is another program's")
	e, _, _ := behind(t, fault)
	if err := e.Start(t.Context(), &DefaultSettings); !errors.Is(err, fault) {
		t.Errorf("it starts: %v", err)
	}
}
