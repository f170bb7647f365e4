package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

func TestStreamsArrivePieceByPiece(t *testing.T) {
	for name, stream := range map[string]struct {
		target, behind string
		pieces         int
		piece          string // what each piece holds
	}{
		"server-sent events": {"/sse?count=5&duration=500ms", "reverse_proxy $API", 5, "data:"},
		"JSON lines":         {"/jsonl?count=5&duration=500ms", "reverse_proxy $API", 5, "\n"},
		// Caddy holds back what has a Content-Length, unless it is told not to.
		"bytes of a known length": {"/drip?numbytes=5&duration=500ms&delay=0s", "reverse_proxy $API {\n flush_interval -1\n}", 5, "*"},
	} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{}, stream.pieces)
			bin := httpbin.New()
			direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				bin.ServeHTTP(stepwise{w, r.Context(), next}, r)
			}))
			defer direct.Close()
			g := setup(t, options{behind: strings.ReplaceAll(stream.behind, "$API", direct.Listener.Addr().String())})
			k := g.key()
			ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+g.addr+stream.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			ask.Header.Set("Authorization", "Bearer "+k.Secret)
			got, err := newClient(t, false).Do(ask)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			came := ""
			pieces := func() int { return strings.Count(came, stream.piece) }
			part := make([]byte, 4096)
			for sent := range stream.pieces {
				for pieces() <= sent {
					n, err := got.Body.Read(part)
					if came += string(part[:n]); err != nil && pieces() <= sent {
						t.Fatalf("%d pieces came of the %d that were sent: %v", pieces(), sent+1, err)
					}
				}
				next <- struct{}{}
			}
			rest, err := io.ReadAll(got.Body)
			if came += string(rest); err != nil || pieces() != stream.pieces {
				t.Errorf("%d pieces came, want %d: %v", pieces(), stream.pieces, err)
			}
			wantClasses(t, g, k, []apiCall{{want: http.StatusOK}})
		})
	}
}

// stepwise writes a piece, and waits behind it until the next one is wanted.
type stepwise struct {
	http.ResponseWriter
	asked context.Context
	next  <-chan struct{}
}

// Flush is called behind each piece.
func (s stepwise) Flush() {
	s.ResponseWriter.(http.Flusher).Flush()
	select {
	case <-s.next:
	case <-s.asked.Done():
	}
}

func TestWebSocketWorksThroughTheGate(t *testing.T) {
	a := setupAPI(t, options{}, "reverse_proxy $API")
	ctx, cancel := context.WithTimeout(t.Context(), exchangeWithin)
	defer cancel()
	url := "ws://" + a.addr + "/websocket/echo"

	_, refused, err := websocket.Dial(ctx, url, nil)
	if err == nil || refused == nil || refused.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without a key: %v, %v", refused, err)
	}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + a.key.Secret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }() // for a test that failed
	conn.SetReadLimit(1 << 20)
	for _, message := range []struct {
		kind websocket.MessageType
		text []byte
	}{
		{websocket.MessageText, []byte("a text")},
		{websocket.MessageBinary, []byte{0, 1, 2, 255}},
		{websocket.MessageBinary, bytes.Repeat([]byte("long "), 100_000)},
	} {
		if err := conn.Write(ctx, message.kind, message.text); err != nil {
			t.Fatal(err)
		}
		kind, text, err := conn.Read(ctx)
		if err != nil || kind != message.kind || !bytes.Equal(text, message.text) {
			t.Fatalf("sent %d bytes of %v, got %d of %v: %v", len(message.text), message.kind, len(text), kind, err)
		}
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	got := map[string]int64{}
	if !becomes(5*time.Second, func() bool {
		got = classes(t, a.db, a.key)
		return got["1xx"] == 1 && len(got) == 1
	}) {
		t.Errorf("counted %v, want one call that was answered 101", got)
	}
}
