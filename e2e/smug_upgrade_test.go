package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const handshake = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

func TestOnlyWebSocketUpgradesReachTheUpstream(t *testing.T) {
	t.Parallel()
	g := setup(t, options{upstream: newUpstream(t, answerWebSocket), policy: "route GET /v1/socket read\nroute GET /open public"})
	k := g.key("--scopes", "read")
	for name, lines := range map[string]string{
		"h2c":                  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"h2c, no settings":     "Connection: Upgrade\r\nUpgrade: h2c",
		"h2c beside websocket": "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n" + handshake,
		"two lines":            "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n" + handshake,
		"websocket twice":      "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n" + handshake,
		"TLS":                  "Connection: Upgrade\r\nUpgrade: TLS/1.0",
		"not in Connection":    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
	} {
		for _, target := range []string{"/v1/socket", "/open"} {
			t.Run("SMUG-07 "+name+" "+target, func(t *testing.T) {
				got := g.get(target, append(strings.Split(lines, "\r\n"), k.bearer())...)
				if got.status != http.StatusOK && got.status != http.StatusBadRequest {
					t.Errorf("answered %v", got)
				}
				for _, a := range g.upstream.seen() {
					if raw := strings.ToLower(a.raw); strings.Contains(raw, "\r\nupgrade:") || strings.Contains(raw, "http2-settings") {
						t.Errorf("the upstream got %q", a.raw)
					}
				}
			})
		}
	}
}

func TestWebSocketGoesThroughTheGate(t *testing.T) {
	t.Parallel()
	g := setup(t, options{upstream: newUpstream(t, answerWebSocket), policy: "route GET /v1/socket read"})
	k := g.key("--scopes", "read")
	upgrade := []string{"Connection: keep-alive, Upgrade", "Upgrade: websocket", handshake}
	c := g.connect()
	got, err := c.exchange(g.request("GET", "/v1/socket", append(upgrade, k.bearer(), "Keystile-Key-Id: evil")...))
	if err != nil {
		t.Fatal(err)
	}
	if got.status != http.StatusSwitchingProtocols {
		t.Fatalf("answered %v", got)
	}
	if a := g.upstream.one(t); strings.Contains(a.raw, k.Secret) || strings.Contains(a.raw, "evil") || a.values("Keystile-Key-Id")[0] != k.ID {
		t.Errorf("the upstream got %q", a.raw)
	}
	const text = "any bytes"
	if err := c.write(text); err != nil {
		t.Fatal(err)
	}
	echoed := make([]byte, len(text))
	if _, err := io.ReadFull(c.reader, echoed); err != nil || string(echoed) != text {
		t.Errorf("echoed %q, %v", echoed, err)
	}
	// The call counts when it is upgraded, not when it ends.
	eventually(t, 5*time.Second, "the open connection is counted", func() bool { return g.used(k.ID).TotalCalls == 1 })

	refused := g.get("/v1/socket", upgrade...)
	wantAnswer(t, g, refused, http.StatusUnauthorized, "missing_key")
}

func TestStreamArrivesAsItIsSent(t *testing.T) {
	t.Parallel()
	texts := make(chan string)
	g := setup(t, options{upstream: newUpstream(t, answerStream(texts))})
	k := g.key()
	c := g.connect()
	if err := c.write(g.request("GET", "/events", k.bearer())); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for _, text := range []string{"data: one\n\n", "data: two\n\n"} {
		texts <- text
		// Before the next is sent, this one has come through.
		for !strings.Contains(seen.String(), text) {
			line, err := c.reader.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			seen.WriteString(line)
		}
	}
	close(texts)
	rest, err := c.reader.ReadString('0')
	if err != nil || !strings.HasSuffix(rest, "0") {
		t.Errorf("the stream doesn't end: %q, %v", rest, err)
	}
}
