package identity_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/identity"
	"github.com/keystile/keystile/internal/keys"
)

// parse reads a request with header lines as the server does.
func parse(t *testing.T, lines ...string) *http.Request {
	t.Helper()
	raw := "POST /v1/x HTTP/1.1\r\nHost: this.host\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatalf("the server refuses %q: %v", lines, err)
	}
	return r
}

// handedOn is what the upstream gets of header lines: scrubbed, and with the
// identity of a key.
func handedOn(t *testing.T, lines ...string) http.Header {
	t.Helper()
	r := parse(t, lines...)
	identity.Scrub(r)
	k := setup()
	identity.HeadersOf(k).Set(r.Header, k.ID, k.Owner, "")
	return r.Header
}

func setup() *keys.Key {
	return &keys.Key{
		ID: "key_1", Workspace: "acme", Project: "apollo", Environment: keys.Live, Scopes: []string{"read", "write"},
		Profile: "gold", Owner: "ann",
	}
}

// written is a header as it goes over the wire, in lines.
func written(t *testing.T, h http.Header) []string {
	t.Helper()
	var b strings.Builder
	if err := h.Write(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n")
	if _, err := http.ReadRequest(bufio.NewReader(io.MultiReader(
		strings.NewReader("GET / HTTP/1.1\r\nHost: h\r\n"), strings.NewReader(b.String()), strings.NewReader("\r\n")))); err != nil {
		t.Errorf("what is written can't be read: %v", err)
	}
	return lines
}
