package postgres

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// heard is a handle that counts what it is told.
func heard(t testing.TB, dsn string) (*Store, chan struct{}) {
	t.Helper()
	cfg, err := ParseDSN(dsn)
	must(t, err)
	s, news := Open(cfg), make(chan struct{}, 100)
	t.Cleanup(func() { must(t, s.Close()) })
	s.OnNews(func(storage.News) {
		select {
		case news <- struct{}{}:
		default:
		}
	})
	must(t, s.Migrate(t.Context()))
	<-news // listening begins with what may have been missed
	return s, news
}

func drain(news chan struct{}) {
	for len(news) > 0 {
		<-news
	}
}

// Nobody asks here: what isn't told is never heard, and the test never ends.
func TestAChangeIsToldToEveryOtherNode(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, one := heard(t, s.cfg.pool.ConnString())
	_, two := heard(t, s.cfg.pool.ConnString())
	for _, id := range []keys.ID{"key_a", "key_b", "key_c"} {
		drain(one)
		drain(two)
		_, err := insert(t.Context(), s, id)
		must(t, err)
		<-one
		<-two
	}
}

func TestListeningBeginsAnewWhenItsConnectionIsCut(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, news := heard(t, s.cfg.pool.ConnString())
	beside := raw(t, s)
	for _, id := range []keys.ID{"key_a", "key_b"} {
		drain(news)
		mustExec(t, beside, cut)
		<-news // it listens again, and there may be news
		drain(news)
		_, err := insert(t.Context(), s, id)
		must(t, err)
		<-news
	}
}

// Polling finds what nobody tells.
func TestAChangeIsFoundByAskingWhereNobodyListens(t *testing.T) {
	t.Parallel()
	s := setup(t)
	other := open(t, s.cfg.pool.ConnString())
	before, err := other.Confirm(t.Context())
	must(t, err)
	_, err = insert(t.Context(), s, "key_a")
	must(t, err)
	changes, err := other.Changes(t.Context(), before, 10)
	if err != nil || len(changes) != 1 || changes[0].Name != "key_a" {
		t.Errorf("got %+v (%v)", changes, err)
	}
}

func TestCommandsDoNotListen(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if s.live.listener != nil {
		t.Error("it listens, and nobody wants to hear")
	}
}
