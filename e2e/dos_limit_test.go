package e2e

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestNoBoundaryOfAWindowAllowsTwice(t *testing.T) {
	t.Parallel()
	t.Run("DOS-05 a full bucket's worth on each side of a second", straddle)
}

func straddle(t *testing.T) {
	const rate, burst, boundaries = 20, 20, 3
	g := setup(t, options{app: "rate_limit live 20/s", behind: "respond ok", before: quiet})
	k := g.key()
	c, ask := g.connect(), g.request(http.MethodGet, "/", k.bearer())
	var allowed []granted
	var slowest time.Duration
	for range boundaries {
		next := time.Now().Truncate(time.Second).Add(2 * time.Second) // the bucket is full again
		at := time.NewTimer(time.Until(next.Add(-50 * time.Millisecond)))
		<-at.C
		passed, refused := 0, false
		for time.Now().Before(next.Add(50*time.Millisecond)) || passed < burst && !refused {
			sent := time.Now()
			got, err := c.exchange(ask)
			if err != nil || got.status != http.StatusOK && got.code() != "rate_limited" {
				t.Fatalf("answered %v, %v", got, err)
			}
			if refused = got.status != http.StatusOK; !refused {
				allowed = append(allowed, granted{sent, time.Now()})
				passed++
			}
			slowest = max(slowest, time.Since(sent))
		}
	}
	mayGet := func(within time.Duration) float64 { return burst + rate*within.Seconds() }
	window, n := worstWindow(allowed, mayGet)
	t.Logf("%d calls allowed around %d boundaries; at worst %d within %v", len(allowed), boundaries, n, window)
	if float64(n) > mayGet(window)+1 || len(allowed) < boundaries*burst {
		t.Errorf("%d of %d calls allowed within %v, want %.1f at most, and %d in all; slowest answer %v", n, len(allowed), window, mayGet(window), boundaries*burst, slowest)
		t.Logf("waits %v, losses %v", g.counter("keystile_limiter_waits_total"), g.counter(limiterLost))
	}
}

func TestWhoeverFollowsRetryAfterIsLetIn(t *testing.T) {
	t.Parallel()
	g := setup(t, options{behind: "respond ok", policy: `
		route GET /second {
			rate_limit live 1/s
		}
		route GET /part {
			rate_limit live 40/m burst 2
		}
		route GET /costly {
			rate_limit live 2/s burst 4
			cost 4
		}
		route GET /quota {
			quota 2/hour
		}`})
	k := g.key()
	var following sync.WaitGroup
	for target, window := range map[string]int{"/second": 1, "/part": 3, "/costly": 2} {
		following.Go(func() { followRetryAfter(t, g, k, target, window) })
	}
	following.Wait()
	t.Run("DOS-06 quota_exceeded", func(t *testing.T) {
		for range 2 {
			g.get("/quota", k.bearer())
		}
		end := time.Now().Truncate(time.Hour).Add(time.Hour)
		got := g.get("/quota", k.bearer())
		seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
		if left := int(time.Until(end).Seconds()); err != nil || got.code() != "quota_exceeded" || seconds < max(1, left) || seconds > left+5 {
			t.Errorf("answered %v with Retry-After %d, %d s before the hour's end", got, seconds, left)
		}
	})
}

// followRetryAfter checks DOS-06 for one limit: so many times, it asks until it
// is refused, waits for as long as it is told, and asks again. window is how
// many seconds the bucket takes to fill.
func followRetryAfter(t *testing.T, g *gate, k key, target string, window int) {
	const times = 3
	for range times {
		got := response{status: http.StatusOK}
		for got.status == http.StatusOK {
			var err error
			if got, err = g.try(http.MethodGet, target, k.bearer()); err != nil {
				t.Error(err)
				return
			}
		}
		seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
		if err != nil || got.code() != "rate_limited" || seconds < 1 || seconds > window {
			t.Errorf("DOS-06 %s: answered %v with Retry-After %q, want 1 to %d", target, got, got.header.Get("Retry-After"), window)
			return
		}
		later := time.NewTimer(time.Duration(seconds) * time.Second)
		<-later.C
		if got, err = g.try(http.MethodGet, target, k.bearer()); err != nil || got.status != http.StatusOK {
			t.Errorf("DOS-06 %s: %d s later as told, answered %v, %v", target, seconds, got, err)
		}
	}
}

func TestRefusalsMoveNothingOfTheKeys(t *testing.T) {
	t.Parallel()
	t.Run("DOS-07 usage, quota and last use of a key that is refused", refuseOften)
}

func refuseOften(t *testing.T) {
	const calls, quota = 3, 10
	g := setup(t, options{
		app: "quota 10/month\nusage {\n flush_interval 100ms\n}", before: quiet, behind: "respond ok",
		policy: "route GET /a read {\n rate_limit live 1/d burst 3\n}\nroute GET /b write\n",
	})
	k, revoked := g.key("--scopes", "read"), g.key("--scopes", "read")
	g.must(nil, "keys", "revoke", revoked.ID)
	for range calls {
		wantOK(t, g.get("/a", k.bearer()))
	}
	var before use
	eventually(t, 5*time.Second, "the calls are stored", func() bool {
		before = g.used(k.ID)
		return before.TotalCalls == calls
	})

	refusals := []string{
		g.request(http.MethodGet, "/a", k.bearer()),       // 429
		g.request(http.MethodGet, "/b", k.bearer()),       // 403
		g.request(http.MethodGet, "/c", k.bearer()),       // 403
		g.request(http.MethodGet, "/a", revoked.bearer()), // 401
		g.request(http.MethodGet, "/a/../a", k.bearer()),  // 400
	}
	came := g.flood(flood{
		sources: fewSources, clients: 2, perSecond: 100_000 / 60 * 5 / 4, span: sized(3*time.Second, time.Minute),
		next: func(client int) func() string {
			n := client
			return func() string { n++; return refusals[n%len(refusals)] }
		},
	})
	t.Log(came)
	came.only(t, 400, 401, 403, 429)
	eventually(t, 5*time.Second, "the refusals are stored", func() bool {
		stored := sums(t, []key{k, revoked}, g.db)
		return stored[k.ID].denied+stored[revoked.ID].denied >= int64(came.total()-came.answers[http.StatusBadRequest])
	})
	if after := g.used(k.ID); after.TotalCalls != calls || !after.LastUsedAt.Equal(*before.LastUsedAt) {
		t.Errorf("used %d times, last at %v; before the refusals: %d, %v", after.TotalCalls, after.LastUsedAt, calls, before.LastUsedAt)
	}
	if after := g.used(revoked.ID); after.TotalCalls != 0 || after.LastUsedAt != nil {
		t.Errorf("the revoked key was used %d times, last at %v", after.TotalCalls, after.LastUsedAt)
	}
	g.options.policy = "route GET /a read\n"
	g.reload(g.caddyfile())
	for i := range quota - calls {
		if got := g.get("/a", k.bearer()); got.status != http.StatusOK {
			t.Fatalf("call %d of %d: answered %v", calls+i+1, quota, got)
		}
	}
	if got := g.get("/a", k.bearer()); got.code() != "quota_exceeded" {
		t.Errorf("call %d of %d: answered %v", quota+1, quota, got)
	}
}
