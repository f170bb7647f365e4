// Package load asks a server as many clients would that are never done: a
// closed loop on so many keep-alive connections, each request with the next
// key of a list. It is one thread on raw sockets, so that it takes little from
// what is measured, and it believes nothing: an answer that isn't what was
// expected ends the run.
package load

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Plan says what to ask, and for how long.
type Plan struct {
	Port        int // of 127.0.0.1
	Connections int
	// Depth is how many requests each connection sends at once; 0: one. More
	// is for getting many keys known soon; what it measures is no latency.
	Depth int
	// For is how long to ask; 0: until Requests were answered.
	For      time.Duration
	Requests int
	// Status is what each answer has to have; Busy is another one that is
	// counted, and passed over. 0: none.
	Status, Busy int
}

// Result is what came of it.
type Result struct {
	Requests int
	Busy     int // of these, answers with the status Busy
	Elapsed  time.Duration
	took     []time.Duration // ascending
}

// PerSecond is how many requests were answered in a second.
func (r *Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Quantile is how long the share q of all answers took at most, 0 < q ≤ 1; 0
// without answers.
func (r *Result) Quantile(q float64) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	rank := int(q*float64(len(r.took)) + 0.999999) // nearest rank, rounded up
	return r.took[min(max(rank, 1), len(r.took))-1]
}

// Run asks. It takes up the list where the last run left it.
func Run(p Plan, list *Requests) (*Result, error) {
	p.Depth = max(p.Depth, 1)
	l := &loop{plan: p, list: list}
	defer l.close()
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("connect to port %d: %w", p.Port, err)
	}
	l.start = time.Now()
	if err := l.run(); err != nil {
		return nil, fmt.Errorf("after %d answers: %w", l.answered, err)
	}
	slices.Sort(l.took)
	return &Result{Requests: l.answered, Busy: l.busy, Elapsed: time.Since(l.start), took: l.took}, nil
}

// open connects, and has the kernel tell of answers.
func (l *loop) open() error {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	l.poll = poll
	l.conns = make([]*conn, 0, l.plan.Connections)
	for i := range l.plan.Connections {
		fd, err := connect(l.plan.Port)
		if err != nil {
			return err
		}
		l.conns = append(l.conns, &conn{fd: fd})
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
			return err
		}
	}
	return nil
}

func connect(port int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

func (l *loop) close() {
	for _, c := range l.conns {
		_ = unix.Close(c.fd)
	}
	if l.poll > 0 {
		_ = unix.Close(l.poll)
	}
}
