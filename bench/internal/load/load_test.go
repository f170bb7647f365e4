package load

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve answers as fn does, and notes who asked with which key.
func serve(t *testing.T, fn http.HandlerFunc) (port int, asked func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]++
		mu.Unlock()
		fn(w, r)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().(*net.TCPAddr).Port, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "fine") }

func TestEachKeyIsPresentedAsOftenAsEveryOther(t *testing.T) {
	t.Parallel()
	port, asked := serve(t, ok)
	list := NewRequests("a.example", "/", []string{"one", "two", "three", "four"}, 1)
	r, err := Run(Plan{Port: port, Connections: 2, Depth: 3, Requests: 24, Status: 200}, list)
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests != 24 {
		t.Errorf("%d requests, want 24", r.Requests)
	}
	for _, key := range []string{"one", "two", "three", "four"} {
		if n := asked()[key]; n != 6 {
			t.Errorf("%s was presented %d times, want 6", key, n)
		}
	}
}

func TestRunLastsAsLongAsItWasToldAndCountsEachAnswer(t *testing.T) {
	t.Parallel()
	port, asked := serve(t, ok)
	r, err := Run(Plan{Port: port, Connections: 4, For: 50 * time.Millisecond, Status: 200}, NewRequests("a.example", "/", []string{"one"}, 1))
	if err != nil {
		t.Fatal(err)
	}
	if r.Elapsed < 50*time.Millisecond || r.Requests != asked()["one"] || len(r.took) != r.Requests {
		t.Errorf("%d answers with %d times in %v, of %d requests", r.Requests, len(r.took), r.Elapsed, asked()["one"])
	}
}

func TestOneAnswerThatIsNotTheExpectedOneEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]http.HandlerFunc{
		"expected 200, got \"HTTP/1.1 429": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"how long it is": func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush() // chunks from here on
		},
		"closed a connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		var asked int
		var mu sync.Mutex
		port, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked++
			odd := asked == 30
			mu.Unlock()
			if odd {
				fn(w, r)
				return
			}
			ok(w, r)
		})
		_, err := Run(Plan{Port: port, Connections: 4, Requests: 1000, Status: 200}, NewRequests("a.example", "/", []string{"one"}, 1))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestBusyAnswersAreCountedWhereTheyArePassedOver(t *testing.T) {
	t.Parallel()
	port, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer one" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	r, err := Run(Plan{Port: port, Connections: 2, Requests: 20, Status: 200, Busy: 503}, NewRequests("a.example", "/", []string{"one", "two"}, 1))
	if err != nil || r.Requests != 20 || r.Busy != 10 {
		t.Errorf("got %+v (%v), want 10 of 20", r, err)
	}
}

func TestQuantileIsATimeThatWasMeasuredAndThatSoManyDidNotExceed(t *testing.T) {
	t.Parallel()
	r := &Result{}
	if got := r.Quantile(0.5); got != 0 {
		t.Errorf("%v without answers", got)
	}
	for i := range 100 {
		r.took = append(r.took, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 0.999: 100, 1: 100, 0.001: 1} {
		if got := r.Quantile(q); got != want {
			t.Errorf("%v: got %d, want %d", q, got, want)
		}
	}
}
