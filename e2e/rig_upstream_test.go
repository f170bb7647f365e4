package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// arrival is one request as the upstream saw it.
type arrival struct {
	raw  string        // head, body and trailers, byte for byte
	head *http.Request // nil: bytes that are no request
	body string
}

// values are all that stands under a header's name, of which case and no other
// spelling is folded.
func (a arrival) values(name string) []string { return a.head.Header.Values(name) }

// answer answers one request on the upstream's side of a connection, and says
// whether the connection may be used again. stop is closed when the upstream
// ends.
type answer func(a arrival, conn net.Conn, stop <-chan struct{}) (again bool)

// upstream is a plain listener that records every byte that reaches it.
type upstream struct {
	addr   string
	answer answer
	stop   chan struct{}

	mu       sync.Mutex
	forgets  bool
	arrivals []arrival
	count    int
	conns    map[net.Conn]bool
	serving  sync.WaitGroup
}

// newUpstream listens until the end of the test.
func newUpstream(t testing.TB, how answer) *upstream {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: listener.Addr().String(), answer: how, stop: make(chan struct{}), conns: map[net.Conn]bool{}}
	u.serving.Go(func() { u.accept(listener) })
	t.Cleanup(func() {
		close(u.stop)
		_ = listener.Close() // ends accept
		u.hangUp()
		u.serving.Wait()
	})
	return u
}

// forget makes the upstream only count what arrives: for load.
func (u *upstream) forget() *upstream {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.forgets = true
	return u
}

func (u *upstream) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		u.mu.Lock()
		u.conns[conn] = true
		u.mu.Unlock()
		u.serving.Go(func() { u.serve(conn) })
	}
}

// hangUp closes all connections.
func (u *upstream) hangUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for conn := range u.conns {
		_ = conn.Close() // ends serve
	}
}

func (u *upstream) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close() // maybe for the second time
		u.mu.Lock()
		delete(u.conns, conn)
		u.mu.Unlock()
	}()
	var seen bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(conn, &seen))
	for {
		a, err := readArrival(reader, &seen)
		if a.raw != "" {
			u.note(a)
		}
		if err != nil || !u.answer(a, peeked{conn, reader}, u.stop) {
			return
		}
	}
}

// peeked is a connection of which some bytes have been read into a buffer.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.reader.Read(b) }

// readArrival reads one request to its end. What follows without waiting for
// the answer is another arrival.
func readArrival(reader *bufio.Reader, seen *bytes.Buffer) (arrival, error) {
	head, err := http.ReadRequest(reader)
	if err != nil {
		return arrival{raw: seen.String()}, err
	}
	body, err := io.ReadAll(head.Body)
	raw := string(seen.Next(seen.Len() - reader.Buffered()))
	return arrival{raw: raw, head: head, body: string(body)}, err
}

func (u *upstream) note(a arrival) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count++
	if !u.forgets {
		u.arrivals = append(u.arrivals, a)
	}
}

// seen returns what has arrived since it was last asked.
func (u *upstream) seen() []arrival {
	u.mu.Lock()
	defer u.mu.Unlock()
	arrived := u.arrivals
	u.arrivals = nil
	return arrived
}

// total is how many requests have arrived since the start.
func (u *upstream) total() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count
}

// one is seen for exactly one request.
func (u *upstream) one(t testing.TB) arrival {
	t.Helper()
	arrived := u.seen()
	if len(arrived) != 1 {
		t.Fatalf("%d requests reached the upstream, not one: %v", len(arrived), arrived)
	}
	return arrived[0]
}

// untouched fails the test where anything has arrived since it was last asked.
func (u *upstream) untouched(t testing.TB) {
	t.Helper()
	if arrived := u.seen(); len(arrived) > 0 {
		t.Errorf("%d request(s) reached the upstream, the first: %q", len(arrived), arrived[0].raw)
	}
}
