package e2e

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// granted is when an allowed call was made, as far as its client can tell:
// between sent and came.
type granted struct{ sent, came time.Time }

func TestManyClientsOfOneKeyGetWhatItsLimitAllowsAndNoMore(t *testing.T) {
	const clients, span = 64, 5 * time.Second
	const rate, burst = 10, 20
	g := setup(t, options{app: "rate_limit live 10/s burst 20", before: quiet, behind: "respond ok"})
	k := g.key()
	ask := g.request(http.MethodGet, "/", k.bearer())
	var mu sync.Mutex
	var allowed []granted
	asked := 0
	var working sync.WaitGroup
	began := time.Now()
	for range clients {
		working.Go(func() {
			c, err := dial(g.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for time.Since(began) < span {
				sent := time.Now()
				got, err := c.exchange(ask)
				if err != nil || got.status != http.StatusOK && got.code() != "rate_limited" {
					t.Errorf("answered %v, %v", got, err)
					return
				}
				mu.Lock()
				asked++
				if got.status == http.StatusOK {
					allowed = append(allowed, granted{sent, time.Now()})
				}
				mu.Unlock()
			}
		})
	}
	working.Wait()

	mayGet := func(within time.Duration) float64 { return burst + rate*within.Seconds() }
	whole := time.Since(began)
	t.Logf("%d of %d calls allowed in %v; the limit allows %.1f", len(allowed), asked, whole.Round(time.Millisecond), mayGet(whole))
	if n := float64(len(allowed)); n > mayGet(whole)+1 || n < 0.95*mayGet(span) {
		t.Errorf("%v calls allowed in %v, want %.1f, or up to 5%% less", n, whole, mayGet(whole))
	}
	if window, n := worstWindow(allowed, mayGet); float64(n) > mayGet(window)+1 {
		t.Errorf("%d calls allowed within %v, want %.1f at most", n, window, mayGet(window))
	}
}

// worstWindow finds the window in which most was allowed beyond what may be:
// its length, and how many calls began and ended within it.
func worstWindow(allowed []granted, mayGet func(time.Duration) float64) (worst time.Duration, calls int) {
	slices.SortFunc(allowed, func(a, b granted) int { return a.came.Compare(b.came) })
	excess := -mayGet(0)
	for _, first := range allowed {
		n := 0
		for _, last := range allowed {
			if last.sent.Before(first.sent) {
				continue
			}
			n++ // of those that came so far and began in the window
			if window := last.came.Sub(first.sent); float64(n)-mayGet(window) > excess {
				excess, worst, calls = float64(n)-mayGet(window), window, n
			}
		}
	}
	return worst, calls
}
