package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// Each kind of request has a key of its own, of which it says how many calls it
// is.
func TestRULE10OnlyWhatWasAllowedIsACall(t *testing.T) {
	t.Parallel()
	upstream := newUpstream(t, answerBy(map[string]answer{
		"/v1/500": answerWith("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
		"/v1/404": answerWith("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
		"/v1/304": answerWith("HTTP/1.1 304 Not Modified\r\n\r\n"),
		"/v1/103": answerWith("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
		"/v1/cut": answerWith("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "/v1/socket": answerWebSocket,
		"/v1/gone": func(arrival, net.Conn, <-chan struct{}) bool { return false },
	}))
	g := setup(t, options{global: masked, upstream: upstream, app: "usage {\n flush_interval 100ms\n}",
		policy: "preflight pass\nroute * /v1/* read\nroute GET /admin admin\nroute GET /dear read {\n rate_limit live 1/d\n}\nroute GET /public public\nroute GET /either read {\n jwt pass\n}"})
	kinds := []struct {
		calls int64
		raw   string // as an oddity's
	}{
		{1, "GET /v1/x HTTP/1.1"}, {1, "HEAD /v1/x HTTP/1.1"}, {1, "DELETE /v1/x HTTP/1.0"}, {1, "GET /v1/500 HTTP/1.1"}, {1, "GET /v1/404 HTTP/1.1"},
		{1, "GET /v1/304 HTTP/1.1"}, {1, "GET /v1/103 HTTP/1.1"}, {1, "GET /v1/cut HTTP/1.1"}, {1, "GET /v1/gone HTTP/1.1"}, {1, "GET /either HTTP/1.1"},
		{1, "POST /v1/x HTTP/1.1\r\nHost: $HOST\r\n$KEY\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\na=b"},
		{1, "GET /v1/socket HTTP/1.1\r\nHost: $HOST\r\n$KEY\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + handshake + "\r\n"},
		{0, "GET /admin HTTP/1.1"}, {0, "GET /v2/x HTTP/1.1"}, {0, "FOO /v1/x HTTP/1.1"}, {0, "GET /v1//x HTTP/1.1"}, {0, "GET /v1/x HTTP/9.1"}, {0, "CONNECT /v1/x HTTP/1.1"},
		{0, "GET /public HTTP/1.1"}, {0, "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\n$KEY\r\n$KEY\r\n"}, {0, "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\nAuthorization: Basic $SECRET\r\n"},
		{0, "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\nX-Api-Key: $SECRET\r\n"}, {0, "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\n$KEY\r\nContent-Length: x\r\n"},
		{0, "OPTIONS /v1/x HTTP/1.1\r\nHost: $HOST\r\n$KEY\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: GET\r\n"},
	}
	made := g.plant(len(kinds)+3, func(_ int, k *keys.Key) { k.Scopes = []string{"read"} })
	want := map[string]int64{}
	for i, one := range kinds {
		_, _ = exchange(g.addr, g.spelled(one.raw, made[i])) // some are cut
		want[made[i].ID] = one.calls
	}
	twice, queued, last := made[len(kinds)], made[len(kinds)+1], made[len(kinds)+2]
	for range 3 {
		g.get("/dear", twice.bearer())
	}
	g.pipeline(t, queued)
	want[twice.ID], want[queued.ID] = 1, 2
	wrong := func() (kinds []string) {
		all := sums(t, made, g.db)
		for i, k := range made {
			if stored := all[k.ID]; stored.total != want[k.ID] || stored.allowed != want[k.ID] {
				kinds = append(kinds, fmt.Sprintf("kind %d: %+v, want %d", i, stored, want[k.ID]))
			}
		}
		return kinds
	}
	becomes(startWithin, func() bool { return len(wrong()) == 0 })
	g.get("/v1/x", last.bearer()) // and a flush more
	want[last.ID] = 1
	becomes(startWithin, func() bool { return sums(t, made, g.db)[last.ID].total == 1 })
	for _, one := range wrong() {
		t.Error(one)
	}
}

// pipeline sends four requests at once on one connection, two of them allowed.
func (g *gate) pipeline(t *testing.T, k key) {
	t.Helper()
	good := g.request(http.MethodGet, "/v1/x", k.bearer())
	c := g.connect()
	if err := c.write(good + g.request(http.MethodGet, "/v2/x", k.bearer()) + good + g.request(http.MethodGet, "/admin", k.bearer(), "Connection: close")); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(c.reader); err != nil || strings.Count(string(all), "HTTP/1.1 200 ") != 2 || strings.Count(string(all), "HTTP/1.1 403 ") != 2 {
		t.Errorf("answered %q, %v", all, err)
	}
}
