package load

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long nobody may answer.
const patience = 30 * time.Second

var errSilent = errors.New("nobody answered for half a minute")

// loop is a run under way.
type loop struct {
	plan     Plan
	list     *Requests
	poll     int
	conns    []*conn
	start    time.Time
	sent     int
	answered int
	busy     int // of these
	took     []time.Duration
}

// conn is one connection, and what came of its answers so far.
type conn struct {
	fd      int
	sent    time.Time
	awaited int // answers
	out     []byte
	in      [16 << 10]byte
	have    int // bytes of in
}

// run asks on each connection, and again whenever it has answered, until the
// plan is done and all that was asked is answered.
func (l *loop) run() error {
	asked := 0 // connections
	for _, c := range l.conns {
		if l.done(l.start) {
			break
		}
		if err := l.ask(c); err != nil {
			return err
		}
		asked++
	}
	events := make([]unix.EpollEvent, len(l.conns))
	for asked > 0 {
		n, err := unix.EpollWait(l.poll, events, int(patience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return errSilent
		}
		for _, event := range events[:n] {
			idle, err := l.take(l.conns[event.Fd])
			if err != nil {
				return err
			}
			if idle {
				asked--
			}
		}
	}
	return nil
}

func (l *loop) done(now time.Time) bool {
	if l.plan.For > 0 {
		return now.Sub(l.start) >= l.plan.For
	}
	return l.sent >= l.plan.Requests
}

// ask sends the next requests on a connection that awaits nothing.
func (l *loop) ask(c *conn) error {
	c.out = c.out[:0]
	for range l.plan.Depth {
		c.out = l.list.next(c.out)
	}
	c.awaited, c.sent = l.plan.Depth, time.Now()
	l.sent += l.plan.Depth
	n, err := unix.Write(c.fd, c.out)
	if err == nil && n < len(c.out) {
		err = fmt.Errorf("the socket took %d of %d bytes", n, len(c.out))
	}
	return err
}

// take reads what came, and goes on asking. It reports whether the connection
// is done.
func (l *loop) take(c *conn) (idle bool, err error) {
	n, err := unix.Read(c.fd, c.in[c.have:])
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, fmt.Errorf("the server closed a connection behind %q", c.in[:c.have])
	}
	c.have += n
	now := time.Now()
	if err := l.digest(c, now); err != nil || c.awaited > 0 {
		return false, err
	}
	if l.done(now) {
		return true, nil
	}
	return false, l.ask(c)
}

// digest counts the answers that are complete.
func (l *loop) digest(c *conn, now time.Time) error {
	used := 0
	for {
		a, size, err := parse(c.in[used:c.have])
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		if c.awaited == 0 || a.status != l.plan.Status && a.status != l.plan.Busy {
			return fmt.Errorf("expected %d, got %q", l.plan.Status, c.in[used:used+size])
		}
		if a.status != l.plan.Status {
			l.busy++
		}
		used += size
		c.awaited--
		l.answered++
		l.took = append(l.took, now.Sub(c.sent))
	}
	c.have = copy(c.in[:], c.in[used:c.have])
	if c.have == len(c.in) {
		return fmt.Errorf("an answer is longer than %d bytes", len(c.in))
	}
	return nil
}
