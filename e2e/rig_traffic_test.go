package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// traffic is steady load: so many requests per second, spread over workers that
// keep their connections alive.
type traffic struct {
	answered []reply // of any status, in no order
	broken   int     // exchanges without a whole answer
	mu       sync.Mutex
	stop     chan struct{}
	workers  sync.WaitGroup
}

// reply is one whole answer.
type reply struct {
	at     time.Time
	status int
	code   string // of the gate
}

// drive sends GET requests with a key until halt.
func (g *gate) drive(t testing.TB, k key, perSecond, workers int) *traffic {
	t.Helper()
	load := &traffic{stop: make(chan struct{})}
	ask := g.request(http.MethodGet, "/", k.bearer())
	due := make(chan struct{})
	load.workers.Go(func() { load.pace(due, time.Second/time.Duration(perSecond)) })
	for range workers {
		load.workers.Go(func() { load.work(g.addr, ask, due) })
	}
	return load
}

func (l *traffic) pace(due chan<- struct{}, every time.Duration) {
	defer close(due)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		select {
		case <-l.stop:
			return
		case due <- struct{}{}:
		}
	}
}

func (l *traffic) work(addr, ask string, due <-chan struct{}) {
	var c *client
	for range due {
		if c == nil {
			var err error
			if c, err = dial(addr); err != nil {
				l.note(response{}, err)
				continue
			}
		}
		got, err := c.exchange(ask)
		l.note(got, err)
		if err != nil || got.header.Get("Connection") == "close" {
			_ = c.Close() // the next request gets another
			c = nil
		}
	}
	if c != nil {
		_ = c.Close() // nobody needs it any more
	}
}

func (l *traffic) note(got response, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.broken++
		return
	}
	l.answered = append(l.answered, reply{time.Now(), got.status, got.code()})
}

// halt ends the load, and waits for the answers that are due.
func (l *traffic) halt() {
	close(l.stop)
	l.workers.Wait()
}

// count is how many whole answers there were so far that fit.
func (l *traffic) count(fits func(reply) bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.answered {
		if fits(r) {
			n++
		}
	}
	return n
}

func allowed(r reply) bool { return r.status == http.StatusOK }
