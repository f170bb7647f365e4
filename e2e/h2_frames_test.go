package e2e

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Types and flags of frames (RFC 9113 section 6).
const (
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	frameContinuation = 0x9

	endStream  = 0x1
	endHeaders = 0x4
)

// floodFrames is how many frames a flood sends unless it is cut off.
const floodFrames = 20_000

// framer writes frames of HTTP/2 by hand, and reads nothing but the end.
type framer struct {
	conn   net.Conn
	closed atomic.Bool
}

func dialH2(t *testing.T, g *gate) *framer {
	t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	f := &framer{conn: conn}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn) // until either end closes
		f.closed.Store(true)
	}()
	t.Cleanup(func() {
		_ = conn.Close() // maybe for the second time
		<-ended
	})
	if err := conn.SetWriteDeadline(time.Now().Add(exchangeWithin)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	f.frame(frameSettings, 0, 0, "")
	return f
}

func (f *framer) isClosed() bool { return f.closed.Load() }

// frame writes one frame, and reports whether the connection took it.
func (f *framer) frame(kind, flags byte, stream uint32, payload string) bool {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = append(head, flags)
	head = binary.BigEndian.AppendUint32(head, stream)
	_, err := f.conn.Write(append(head, payload...))
	return err == nil
}

// literal is a header field without compression (RFC 7541 section 6.2.2), of
// less than 127 bytes each.
func literal(name, value string) string {
	return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
}

// fields are the header of a GET request with a credential.
func fields(credential string) string {
	name, value, _ := strings.Cut(credential, ": ")
	return literal(":method", "GET") + literal(":scheme", "http") + literal(":authority", "x") + literal(":path", "/") +
		literal(strings.ToLower(name), value)
}

// rapidReset opens streams and takes each back at once.
func (f *framer) rapidReset(credential string) {
	const cancel = "\x00\x00\x00\x08"
	header := fields(credential)
	for stream := uint32(1); stream < 2*floodFrames; stream += 2 {
		if !f.frame(frameHeaders, endStream|endHeaders, stream, header) || !f.frame(frameReset, 0, stream, cancel) {
			return
		}
	}
	_ = f.conn.Close() // it was all answered
}

// continuations begins a header that never ends.
func (f *framer) continuations(credential string) {
	more := strings.Repeat(literal("x-more", strings.Repeat("a", 100)), 10)
	alive := f.frame(frameHeaders, endStream, 1, fields(credential))
	for i := 0; alive && i < floodFrames; i++ {
		alive = f.frame(frameContinuation, 0, 1, more)
	}
}

// settingsFlood asks for as many acknowledgements as it can.
func (f *framer) settingsFlood(string) {
	alive := true
	for i := 0; alive && i < floodFrames; i++ {
		alive = f.frame(frameSettings, 0, 0, "")
	}
	_ = f.conn.Close() // it was all acknowledged
}
