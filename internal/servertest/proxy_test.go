package servertest_test

import (
	"bufio"
	"net"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// echo is a server that answers each line with itself, through a proxy.
func echo(t *testing.T) *servertest.Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for lines := bufio.NewReader(conn); ; {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					_, _ = conn.Write([]byte(line))
				}
			}()
		}
	}()
	p, err := servertest.NewProxy(l.Addr().String())
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	return p
}

// line is one connection.
type line struct {
	net.Conn
	t *testing.T
}

func dial(t *testing.T, p *servertest.Proxy) line {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return line{conn, t}
}

// say sends a word, and reports whether it comes back in time.
func (l line) say(within time.Duration) bool {
	l.t.Helper()
	if _, err := l.Write([]byte("word\n")); err != nil {
		return false
	}
	return l.hears(within)
}

func (l line) hears(within time.Duration) bool {
	must(l.t, l.SetReadDeadline(time.Now().Add(within)))
	_, err := l.Read(make([]byte, 5))
	return err == nil
}

func TestAProxyDoesWhatNetworksDo(t *testing.T) {
	t.Parallel()
	const soon, long = 200 * time.Millisecond, 10 * time.Second
	p := echo(t)
	one := dial(t, p)
	if !one.say(long) {
		t.Fatal("nothing comes through")
	}
	for _, way := range []servertest.Way{servertest.ToServer, servertest.ToClient} {
		p.BlackHole(way)
		if one.say(soon) {
			t.Error("a black hole answers, way", way)
		}
		p.Heal()
		if !one.hears(long) {
			t.Error("what fell into the hole is not delivered, way", way)
		}
	}
	p.Delay(soon)
	began := time.Now()
	if !one.say(long) || time.Since(began) < 2*soon {
		t.Error("came back after", time.Since(began))
	}
	p.Cut()
	if one.say(long) || dial(t, p).say(long) {
		t.Error("a cut connection answers")
	}
	p.Heal()
	if !dial(t, p).say(long) {
		t.Error("nothing comes through after the cut")
	}
}
