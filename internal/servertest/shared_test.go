package servertest_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

type closer struct{ closed int }

func (c *closer) Close() error { c.closed++; return nil }

func TestASharedServerStartsOnceAndOnlyIfAnybodyAsks(t *testing.T) {
	t.Parallel()
	started, one := 0, &closer{}
	s := servertest.Share(func() (*closer, error) { started++; return one, nil })
	must(t, s.Close())
	if started > 0 || one.closed > 0 {
		t.Errorf("started %d times and ended %d times before anybody asked", started, one.closed)
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got, err := s.Get(); got != one || err != nil {
				t.Error(got, err)
			}
		})
	}
	all.Wait()
	must(t, s.Close())
	if started != 1 || one.closed != 1 {
		t.Errorf("started %d times, ended %d times", started, one.closed)
	}
}

func TestASharedServerThatCannotStartSaysSoToAll(t *testing.T) {
	t.Parallel()
	missing := errors.New("it isn't installed")
	s := servertest.Share(func() (*closer, error) { return nil, missing })
	for range 2 {
		if _, err := s.Get(); !errors.Is(err, missing) {
			t.Error(err)
		}
	}
	must(t, s.Close())
}
