package postgres

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// line is a wire to the shared server that can swallow everything.
type line struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	moving *sync.Cond
	frozen bool
	closed bool
}

func tapped(t *testing.T) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &line{listener: listener, to: shared(t).Address()}
	l.moving = sync.NewCond(&l.mu)
	var ends sync.WaitGroup
	ends.Go(func() { l.accept(&ends) })
	t.Cleanup(func() {
		_ = listener.Close()
		l.set(func() { l.closed = true })
		ends.Wait()
	})
	return l
}

// dsn is an address of the server by way of the line.
func (l *line) dsn(of string) string { return strings.Replace(of, l.to, l.listener.Addr().String(), 1) }

func (l *line) freeze() { l.set(func() { l.frozen = true }) }
func (l *line) thaw()   { l.set(func() { l.frozen = false }) }

func (l *line) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.moving.Broadcast()
}

// wait returns when bytes move, and whether any ever will.
func (l *line) wait() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.frozen && !l.closed {
		l.moving.Wait()
	}
	return !l.closed
}

func (l *line) accept(ends *sync.WaitGroup) {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		ends.Go(func() { l.carry(client, server) })
		ends.Go(func() { l.carry(server, client) })
	}
}

func (l *line) carry(from, to net.Conn) {
	defer func() {
		_ = from.Close()
		_ = to.Close()
	}()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if !l.wait() {
			return
		}
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
