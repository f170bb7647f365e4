package servertest

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Proxy stands between clients and a server, and does to their connections what
// networks do.
type Proxy struct {
	listener net.Listener
	server   string
	working  sync.WaitGroup

	mu      sync.Mutex
	refuses bool
	delay   time.Duration
	closed  [2]bool       // by Way: what comes goes nowhere
	changed chan struct{} // closed at the next change
	conns   map[net.Conn]struct{}
	ended   bool
}

// Way is a direction of a proxy.
type Way int

// The ways.
const (
	ToServer Way = iota
	ToClient
)

// NewProxy starts a proxy in front of a server, on a free port of loopback.
func NewProxy(server string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the server: %w", err)
	}
	p := &Proxy{listener: l, server: server, changed: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	p.working.Go(p.accept)
	return p, nil
}

// Address is where it listens, as host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Cut ends all connections, and lets none through until Heal.
func (p *Proxy) Cut() {
	p.change(func() {
		p.refuses = true
		for conn := range p.conns {
			_ = conn.Close() // that is the point
		}
	})
}

// BlackHole keeps connections open, and what goes one way from being delivered
// until Heal, which delivers it. New connections are taken.
func (p *Proxy) BlackHole(way Way) { p.change(func() { p.closed[way] = true }) }

// Delay holds up, each way, all that is sent from now on, until Heal.
func (p *Proxy) Delay(by time.Duration) { p.change(func() { p.delay = by }) }

// Heal ends whatever was done.
func (p *Proxy) Heal() {
	p.change(func() { p.refuses, p.delay, p.closed = false, 0, [2]bool{} })
}

// Close ends the proxy and all connections.
func (p *Proxy) Close() error {
	p.change(func() { p.ended = true })
	p.Cut()
	err := p.listener.Close()
	p.working.Wait()
	return err
}

func (p *Proxy) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.working.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer p.drop(client)
	if !p.keep(client) {
		return
	}
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer p.drop(server)
	if !p.keep(server) {
		return
	}
	var ways sync.WaitGroup
	ways.Go(func() { p.carry(server, client, ToServer) })
	p.carry(client, server, ToClient)
	ways.Wait()
}

// keep remembers a connection; false where there may be none.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = struct{}{}
	return !p.refuses && !p.ended
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	_ = conn.Close() // whichever end was first
}

// carry copies one way. The end of it ends the other one, too.
func (p *Proxy) carry(to, from net.Conn, way Way) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.pass(way) {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until something may be delivered; false where it never will.
func (p *Proxy) pass(way Way) bool {
	p.mu.Lock()
	due := time.Now().Add(p.delay)
	p.mu.Unlock()
	for {
		p.mu.Lock()
		ended, closed, changed := p.ended, p.closed[way], p.changed
		p.mu.Unlock()
		wait := time.Until(due)
		switch {
		case ended:
			return false
		case closed:
			<-changed
		case wait <= 0:
			return true
		default:
			select {
			case <-changed:
			case <-time.After(wait):
			}
		}
	}
}
