package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestUpstreamThatIsDownIsTheProxysErrorAndNotTheKeys(t *testing.T) {
	t.Parallel()
	t.Run("UPSTR-01 nobody listens, or hangs up", loseUpstream)
}

func loseUpstream(t *testing.T) {
	const times = 10
	silent := newUpstream(t, func(arrival, net.Conn, <-chan struct{}) bool { return false }) // hangs up
	for name, behind := range map[string]string{"down": "reverse_proxy " + freeAddr(t), "hangs up": "reverse_proxy " + silent.addr} {
		t.Run(name, func(t *testing.T) {
			g := setup(t, options{behind: behind, app: "rate_limit live 1000/m\nusage {\n flush_interval 100ms\n}"})
			k := g.key()
			for range times {
				got := g.get("/", k.bearer())
				if got.status != http.StatusBadGateway && got.status != http.StatusServiceUnavailable || got.code() != "" {
					t.Errorf("answered %v", got)
				}
				if bad := g.get("/", bearer(liveSecret())); bad.code() != "unknown_key" {
					t.Errorf("a key that nobody has is answered %v", bad)
				}
			}
			calls := make([]apiCall, times)
			for i := range calls {
				calls[i].want = http.StatusBadGateway
			}
			wantClasses(t, g, k, calls) // each is a call of the key's
			if allowed := g.decided("allowed"); allowed != times {
				t.Errorf("%v decisions let a request through, want %d", allowed, times)
			}
		})
	}
}

func TestClientsThatGiveUpOnAnUpstreamThatHangsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	t.Run("UPSTR-02 1,000 clients abort", abort)
}

func abort(t *testing.T) {
	const clients = 1000
	release := make(chan struct{}) // never: the upstream hangs to the end
	hanging := newUpstream(t, answerHang(release)).forget()
	g := setup(t, options{upstream: hanging, before: quiet, app: "usage {\n flush_interval 100ms\n}"})
	made := g.plant(10, nil)
	goroutines, files, spare := g.goroutines(), g.openFiles(), 3
	spareFiles := spare + poolFiles
	if onServer(g.db) {
		spare += mostConnections
		spareFiles = spare
	}
	var asking sync.WaitGroup
	waiting := make([]*client, clients)
	for some := range 10 {
		asking.Go(func() {
			for i := some; i < clients; i += 10 {
				c, err := dial(g.addr)
				if err != nil {
					t.Error(err)
					return
				}
				waiting[i] = c
				if err := c.write(g.request(http.MethodGet, "/", made[some].bearer())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	eventually(t, 20*time.Second, "all requests wait for the upstream", func() bool { return hanging.total() == clients })
	for _, c := range waiting {
		if c != nil {
			_ = c.Close() // which is the point
		}
	}
	eventually(t, 5*time.Second, "the gate holds what it held before", func() bool {
		return g.goroutines() <= goroutines+goroutines/20+spare && g.openFiles() <= files+spareFiles
	})
	// Each was let through, and counts as a call.
	var calls int64
	if !becomes(5*time.Second, func() bool {
		calls = 0
		for _, s := range sums(t, made, g.db) {
			calls += s.allowed
		}
		return calls == clients
	}) {
		t.Errorf("%d calls are stored, want %d", calls, clients)
	}
}

func TestResponseWithAKnownEndIsCompletedThoughItsKeyIsRevoked(t *testing.T) {
	t.Parallel()
	t.Run("UPSTR-03 response with a Content-Length", finishResponse)
}

func finishResponse(t *testing.T) {
	const half = "0123456789"
	begun, goOn := make(chan struct{}), make(chan struct{})
	drip := func(_ arrival, conn net.Conn, stop <-chan struct{}) bool {
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", 2*len(half), half); err != nil {
			return false
		}
		close(begun)
		select {
		case <-goOn:
		case <-stop:
			return false
		}
		_, err := io.WriteString(conn, half)
		return err == nil
	}
	g := setup(t, options{app: "max_staleness 1s", upstream: newUpstream(t, answerBy(map[string]answer{"/slow": drip}))})
	k := g.key()
	answered := make(chan response, 1)
	go func() {
		got, err := g.try(http.MethodGet, "/slow", k.bearer())
		if err != nil {
			t.Error(err)
		}
		answered <- got
	}()
	<-begun
	g.must(nil, "keys", "revoke", k.ID)
	g.soon(k, "/", "revoked_key")
	later := time.NewTimer(4 * time.Second) // longer than a stream would live
	<-later.C
	close(goOn)
	if got := <-answered; got.status != http.StatusOK || got.body != strings.Repeat(half, 2) {
		t.Errorf("the response ended as %v", got)
	}
}
