package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const exchangeWithin = 20 * time.Second

// response is one answer as a client sees it.
type response struct {
	status int
	header http.Header
	body   string
	raw    string // status line, headers and body, byte for byte
}

// code is the gate's code in the answer; empty where it is not the gate's.
func (r response) code() string {
	var plain struct {
		Error struct{ Code string }
		Code  string
	}
	if json.Unmarshal([]byte(r.body), &plain) != nil {
		return ""
	}
	if plain.Error.Code != "" {
		return plain.Error.Code
	}
	return plain.Code
}

// String is short enough for a test's message.
func (r response) String() string { return fmt.Sprintf("%d %q", r.status, r.body) }

// bearer is the header line that presents a secret.
func bearer(secret string) string { return "Authorization: Bearer " + secret }

// ask sends one request, without a body, on a connection of its own. Target
// and header lines go out as they are; a Host line is added where there is
// none.
func (g *gate) ask(method, target string, lines ...string) response {
	g.t.Helper()
	r, err := g.try(method, target, lines...)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, target, err)
	}
	return r
}

// get is ask for GET.
func (g *gate) get(target string, lines ...string) response {
	g.t.Helper()
	return g.ask(http.MethodGet, target, lines...)
}

// try is ask for any goroutine, and for exchanges that may fail.
func (g *gate) try(method, target string, lines ...string) (response, error) {
	return exchange(g.addr, g.request(method, target, append(lines, "Connection: close")...))
}

// request spells a request without a body.
func (g *gate) request(method, target string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	named := false
	for _, line := range lines {
		named = named || len(line) >= 5 && strings.EqualFold(line[:5], "host:")
	}
	if !named {
		fmt.Fprintf(&b, "Host: %s\r\n", g.addr)
	}
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// send sends exact bytes on a connection of its own, and reads one answer.
func (g *gate) send(raw string) response {
	g.t.Helper()
	r, err := exchange(g.addr, raw)
	if err != nil {
		g.t.Fatalf("%.200q: %v", raw, err)
	}
	return r
}

func exchange(addr, raw string) (response, error) {
	c, err := dial(addr)
	if err != nil {
		return response{}, err
	}
	defer c.Close()
	return c.exchange(raw)
}

// client is one connection to a gate. It is kept alive as long as the gate
// wishes, and may be used by one goroutine at a time.
type client struct {
	net.Conn
	reader *bufio.Reader
	read   bytes.Buffer // all that came since the last answer
	method string       // of the request that the next answer is to
}

func dial(addr string) (*client, error) { return dialFrom("", addr) }

// dialFrom dials from a local address, such as 127.0.0.2.
func dialFrom(local, addr string) (*client, error) {
	dialer := net.Dialer{Timeout: exchangeWithin}
	if local != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(local)}
	}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{Conn: conn}
	c.reader = bufio.NewReader(io.TeeReader(conn, &c.read))
	return c, nil
}

// connect is dial for tests: the connection is closed at their end.
func (g *gate) connect() *client {
	g.t.Helper()
	c, err := dial(g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() }) // whichever end was first
	return c
}

// exchange sends bytes and reads one answer.
func (c *client) exchange(raw string) (response, error) {
	if err := c.write(raw); err != nil {
		return response{}, err
	}
	return c.answer()
}

func (c *client) write(raw string) error {
	c.method, _, _ = strings.Cut(raw, " ")
	if err := c.SetDeadline(time.Now().Add(exchangeWithin)); err != nil {
		return err
	}
	_, err := io.WriteString(c.Conn, raw)
	return err
}

// answer reads one answer: of an upgrade, its head.
func (c *client) answer() (response, error) {
	got, err := http.ReadResponse(c.reader, &http.Request{Method: c.method})
	if err != nil {
		return response{}, fmt.Errorf("read the answer: %w", err)
	}
	var body []byte
	if got.StatusCode != http.StatusSwitchingProtocols {
		if body, err = io.ReadAll(got.Body); err != nil {
			return response{}, fmt.Errorf("read the body of a %d: %w", got.StatusCode, err)
		}
	}
	raw := c.read.Bytes()
	raw = raw[:len(raw)-c.reader.Buffered()]
	r := response{status: got.StatusCode, header: got.Header, body: string(body), raw: string(raw)}
	c.read.Next(len(raw))
	return r, nil
}

// closed reports whether the gate closes the connection within a time, with no
// byte more.
func (c *client) closed(within time.Duration) bool {
	if c.SetReadDeadline(time.Now().Add(within)) != nil {
		return false
	}
	n, err := io.Copy(io.Discard, c.reader)
	return n == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
}
