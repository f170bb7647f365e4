package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// socket is an upgraded connection whose upstream sends every byte back.
type socket struct {
	*client
	t *testing.T
}

func (g *gate) socket(t *testing.T, k key) socket {
	t.Helper()
	c := g.connect()
	got, err := c.exchange(g.request("GET", "/v1/socket", "Connection: Upgrade", "Upgrade: websocket", handshake, k.bearer()))
	if err != nil || got.status != http.StatusSwitchingProtocols {
		t.Fatalf("answered %v, %v", got, err)
	}
	return socket{c, t}
}

// works checks that the connection still carries bytes both ways.
func (s socket) works(when string) {
	s.t.Helper()
	const text = "any bytes"
	if err := s.write(text); err != nil {
		s.t.Fatalf("%s: %v", when, err)
	}
	echoed := make([]byte, len(text))
	if _, err := io.ReadFull(s.reader, echoed); err != nil || string(echoed) != text {
		s.t.Fatalf("%s: echoed %q, %v", when, echoed, err)
	}
}

func TestStreamsAreCutSoonAfterTheirKeysRightEndsAcrossAReload(t *testing.T) {
	t.Parallel()
	const within = 2*time.Second + 2*time.Second // max_staleness and two seconds
	for name, lose := range map[string]func(g *gate, k key){
		"revoked":  func(g *gate, k key) { g.must(nil, "keys", "revoke", k.ID) },
		"inactive": func(g *gate, k key) { g.edit(k.ID, func(k *keys.Key) { k.Status = keys.Inactive }) },
		"narrowed": func(g *gate, k key) { g.edit(k.ID, func(k *keys.Key) { k.Scopes = []string{"other"} }) },
		"expired": func(g *gate, k key) {
			g.edit(k.ID, func(k *keys.Key) { k.ExpiresAt = time.Now().Add(time.Second).UTC().Truncate(time.Microsecond) })
		},
		"confined to another address": func(g *gate, k key) { g.edit(k.ID, func(k *keys.Key) { k.AllowedIPs = []string{"10.0.0.1"} }) },
	} {
		t.Run("UPSTR-03 UPSTR-04 "+name, func(t *testing.T) {
			t.Parallel()
			texts := make(chan string)
			g := setup(t, options{
				upstream: newUpstream(t, answerBy(map[string]answer{"/v1/socket": answerWebSocket, "/v1/events": answerStream(texts)})),
				app:      "max_staleness 2s", policy: "route GET /v1/* read",
				behind: "reverse_proxy $UPSTREAM {\n stream_close_delay 5m\n}",
			})
			k, other := g.key("--scopes", "read"), g.key("--scopes", "read")
			events := g.connect()
			if err := events.write(g.request("GET", "/v1/events", k.bearer())); err != nil {
				t.Fatal(err)
			}
			texts <- "data: 1\n\n"
			mine, theirs := g.socket(t, k), g.socket(t, other)
			g.reload(g.caddyfile())
			mine.works("after the reload")
			lose(g, k)
			if !mine.closed(within) {
				t.Error("the WebSocket is still open")
			}
			if !ends(events, within) {
				t.Error("the event stream is still open")
			}
			theirs.works("another key's, afterwards")
			if got := g.get("/v1/other", k.bearer()); got.code() == "" {
				t.Errorf("the next request was answered %v", got)
			}
		})
	}
}

// ends reports whether a stream ends within a time.
func ends(c *client, within time.Duration) bool {
	if c.SetReadDeadline(time.Now().Add(within)) != nil {
		return false
	}
	var got strings.Builder
	_, err := io.Copy(&got, c.reader)
	return strings.Contains(got.String(), "data: 1") && (err == nil || !strings.Contains(err.Error(), "timeout"))
}
