package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// smuggled is what an attacker would have the upstream run as a request of its
// own.
const smuggled = "GET /v1/admin HTTP/1.1\r\nHost: smuggled\r\n\r\n"

func smugGate(t *testing.T) (*gate, key) {
	t.Helper()
	g := setup(t, options{policy: "route * /v1/items read\nroute GET /v1/admin admin"})
	return g, g.key("--scopes", "read")
}

func TestRequestWithTwoFramingsIsOneRequestOrNone(t *testing.T) {
	t.Parallel()
	g, k := smugGate(t)
	both := []string{
		fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5+len(smuggled)),
		fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n", 5+len(smuggled)),
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	}
	for i, rest := range both {
		t.Run(fmt.Sprint("SMUG-01 ", i), func(t *testing.T) {
			c := g.connect()
			if err := c.write("POST /v1/items HTTP/1.1\r\nHost: x\r\n" + k.bearer() + "\r\n" + rest + smuggled); err != nil {
				t.Fatal(err)
			}
			if _, err := c.answer(); err != nil {
				t.Fatal(err)
			}
			c.closed(time.Second) // whatever else the gate makes of the bytes
			arrived := g.upstream.seen()
			if len(arrived) > 1 {
				t.Errorf("%d requests reached the upstream: %v", len(arrived), arrived)
			}
			for _, a := range arrived {
				wantOneFraming(t, a)
			}
		})
	}
}

// wantOneFraming checks that a request that reached the upstream is not the
// smuggled one, and says its length in one way.
func wantOneFraming(t *testing.T, a arrival) {
	t.Helper()
	if a.head == nil || a.head.URL.Path != "/v1/items" {
		t.Errorf("the upstream got %q", a.raw)
		return
	}
	head, _, _ := strings.Cut(strings.ToLower(a.raw), "\r\n\r\n")
	if n := strings.Count(head, "\r\ncontent-length:") + strings.Count(head, "\r\ntransfer-encoding:"); n > 1 {
		t.Errorf("the upstream got %d framings: %q", n, a.raw)
	}
}

func TestMalformedFramingIsRefusedByTheServer(t *testing.T) {
	t.Parallel()
	g, k := smugGate(t)
	heads := map[string]string{
		"SMUG-02 two lengths":             "Content-Length: 5\r\nContent-Length: 6",
		"SMUG-02 two lengths in one line": "Content-Length: 5, 6",
		"SMUG-02 signed length":           "Content-Length: +5",
		"SMUG-02 negative length":         "Content-Length: -5",
		"SMUG-02 hexadecimal length":      "Content-Length: 0x5",
		"SMUG-02 unknown coding":          "Transfer-Encoding: xchunked",
		"SMUG-02 identity behind chunked": "Transfer-Encoding: chunked, identity",
		"SMUG-02 chunked behind identity": "Transfer-Encoding: identity, chunked",
		"SMUG-02 vertical tab":            "Transfer-Encoding: \x0bchunked",
		"SMUG-02 two codings":             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
		"SMUG-02 coding twice":            "Transfer-Encoding: chunked, chunked",
		"SMUG-02 empty length and length": "Content-Length:\r\nContent-Length: 5",
		"SMUG-04 space before the colon":  "X-Other : a",
		"SMUG-04 header without a name":   ": a",
		"SMUG-04 space in a name":         "X Other: a",
		"SMUG-04 line without a colon":    "X-Other",
	}
	for name, head := range heads {
		t.Run(name, func(t *testing.T) {
			got := g.send("POST /v1/items HTTP/1.1\r\nHost: x\r\n" + k.bearer() + "\r\n" + head + "\r\n\r\nhello" + smuggled)
			if got.status != http.StatusBadRequest && got.status != http.StatusNotImplemented {
				t.Errorf("answered %v", got)
			}
			g.upstream.untouched(t)
		})
	}
	t.Run("SMUG-04 space before the colon of the credential", func(t *testing.T) {
		got := g.send("GET /v1/items HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer " + k.Secret + "\r\n\r\n")
		if got.status != http.StatusBadRequest {
			t.Errorf("answered %v", got)
		}
		g.upstream.untouched(t)
	})
}

func TestMalformedChunksNeverBecomeASecondRequest(t *testing.T) {
	t.Parallel()
	g, k := smugGate(t)
	bodies := map[string]string{
		"SMUG-03 bare LF behind the size":      "5\nhello\r\n0\r\n\r\n",
		"SMUG-03 bare LF in an extension":      "5;a\nb\r\nhello\r\n0\r\n\r\n",
		"SMUG-03 bare LF behind the data":      "5\r\nhello\n0\r\n\r\n",
		"SMUG-03 signed size":                  "+5\r\nhello\r\n0\r\n\r\n",
		"SMUG-03 size with a prefix":           "0x5\r\nhello\r\n0\r\n\r\n",
		"SMUG-03 size that is too large":       "10000000000000005\r\nhello\r\n0\r\n\r\n",
		"SMUG-03 bare CR behind the size":      "5\rhello\r\n0\r\n\r\n",
		"SMUG-03 data longer than the size":    "3\r\nhello\r\n0\r\n\r\n",
		"SMUG-03 extension with a second size": "5;\n41\r\nhello\r\n0\r\n\r\n",
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			c := g.connect()
			if err := c.write("POST /v1/items HTTP/1.1\r\nHost: x\r\n" + k.bearer() + "\r\nTransfer-Encoding: chunked\r\n\r\n" + body + smuggled); err != nil {
				t.Fatal(err)
			}
			if got, err := c.answer(); err == nil && got.status != http.StatusOK && got.status/100 != 4 && got.status != http.StatusBadGateway {
				t.Errorf("answered %v", got)
			}
			c.closed(100 * time.Millisecond)
			for _, a := range g.upstream.seen() {
				if a.head != nil && a.head.URL.Path != "/v1/items" || strings.Contains(a.raw, "Host: smuggled") && a.head != nil && a.body == "" {
					t.Errorf("the upstream got %q", a.raw)
				}
			}
		})
	}
}

func TestRequestInABodyStaysABody(t *testing.T) {
	t.Parallel()
	g, k := smugGate(t)
	for name, framing := range map[string]string{
		"SMUG-05 by length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(smuggled), smuggled),
		"SMUG-05 by chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled),
	} {
		t.Run(name, func(t *testing.T) {
			before := strings.Count(g.log(), "handled request")
			if got := g.send("GET /v1/items HTTP/1.1\r\nHost: x\r\n" + k.bearer() + "\r\n" + framing); got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			if a := g.upstream.one(t); a.body != smuggled {
				t.Errorf("the upstream got %q", a.raw)
			}
			logged := func() int { return strings.Count(g.log(), "handled request") - before }
			eventually(t, 5*time.Second, "the request is logged", func() bool { return logged() > 0 })
			if n := logged(); n != 1 {
				t.Errorf("%d requests in the access log, want one", n)
			}
		})
	}
}

func TestRequestsOfOneConnectionAreDecidedAlone(t *testing.T) {
	t.Parallel()
	t.Run("SMUG-06 keys in turn on one connection", takeTurns)
}

func takeTurns(t *testing.T) {
	g, a := smugGate(t)
	b := g.key("--scopes", "read")
	c := g.connect()
	for _, step := range []struct {
		lines []string
		id    string
		code  string
	}{
		{[]string{a.bearer(), "X-Of: a"}, a.ID, ""},
		{[]string{b.bearer()}, b.ID, ""},
		{nil, "", "missing_key"},
		{[]string{a.bearer()}, a.ID, ""},
	} {
		got, err := c.exchange(g.request("GET", "/v1/items", step.lines...))
		if err != nil {
			t.Fatal(err)
		}
		if got.code() != step.code {
			t.Errorf("answered %v, want %q", got, step.code)
		}
		if step.code != "" {
			g.upstream.untouched(t)
			continue
		}
		arrived := g.upstream.one(t)
		if ids := arrived.values("Keystile-Key-Id"); len(ids) != 1 || ids[0] != step.id {
			t.Errorf("the upstream got the key %q, want %q", ids, step.id)
		}
		if strings.Contains(arrived.raw, "X-Of") != (len(step.lines) > 1) {
			t.Errorf("a header of the request before is left: %q", arrived.raw)
		}
	}
}
