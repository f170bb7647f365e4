package target_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/target"
)

// parse reads a request as the server does; ok is false where the server
// itself refuses it.
func parse(t *testing.T, requestLine string) (r *http.Request, ok bool) {
	t.Helper()
	raw := requestLine + " HTTP/1.1\r\nHost: this.host\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	return r, err == nil
}

// passes reports whether a request gets by the server and the gate's look at
// its target.
func passes(t *testing.T, requestLine string) bool {
	t.Helper()
	r, ok := parse(t, requestLine)
	return ok && target.Served(r) && target.Plain(r.URL.EscapedPath())
}

func passesLoosely(t *testing.T, requestLine string) bool {
	t.Helper()
	r, ok := parse(t, requestLine)
	return ok && target.Served(r) && target.Loose(r.URL.EscapedPath())
}
