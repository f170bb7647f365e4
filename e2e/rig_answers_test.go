package e2e

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
)

// answerOK answers 200 with a short body.
func answerOK(a arrival, conn net.Conn, stop <-chan struct{}) bool {
	body := "ok\n"
	if a.head.Method == http.MethodHead {
		body = ""
	}
	return answerWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n"+body)(a, conn, stop)
}

// answerWith answers every request with the same bytes.
func answerWith(raw string) answer {
	return func(_ arrival, conn net.Conn, _ <-chan struct{}) bool {
		_, err := io.WriteString(conn, raw)
		return err == nil
	}
}

// answerStream answers 200 and sends each text as one chunk as it comes, until
// the channel is closed.
func answerStream(texts <-chan string) answer {
	return func(_ arrival, conn net.Conn, stop <-chan struct{}) bool {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for err == nil {
			select {
			case text, more := <-texts:
				_, err = fmt.Fprintf(conn, "%x\r\n%s\r\n", len(text), text)
				if !more { // text is empty: that was the last chunk
					return err == nil
				}
			case <-stop:
				return false
			}
		}
		return false
	}
}

// answerHang answers nothing until release is closed, then as answerOK.
func answerHang(release <-chan struct{}) answer {
	return func(a arrival, conn net.Conn, stop <-chan struct{}) bool {
		select {
		case <-release:
			return answerOK(a, conn, stop)
		case <-stop:
			return false
		}
	}
}

// answerWebSocket upgrades where it is asked to (RFC 6455 section 4.2.2), and
// then sends every byte back.
func answerWebSocket(a arrival, conn net.Conn, stop <-chan struct{}) bool {
	nonce := a.head.Header.Get("Sec-WebSocket-Key")
	if a.head.Header.Get("Upgrade") != "websocket" || nonce == "" {
		return answerOK(a, conn, stop)
	}
	sum := sha1.Sum([]byte(nonce + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err := fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if err == nil {
		_, _ = io.Copy(conn, conn) // until either end closes
	}
	return false
}

// answerBy picks an answer by the path of the request; answerOK for others.
func answerBy(paths map[string]answer) answer {
	return func(a arrival, conn net.Conn, stop <-chan struct{}) bool {
		if how, listed := paths[a.head.URL.Path]; listed {
			return how(a, conn, stop)
		}
		return answerOK(a, conn, stop)
	}
}
