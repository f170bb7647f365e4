package load

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

const whole = "HTTP/1.1 401 Unauthorized\r\nServer: Caddy\r\ncontent-length:  5 \r\n\r\nno..."

func TestAnswerIsReadOnceItIsCompleteAndNotBefore(t *testing.T) {
	t.Parallel()
	for n := range whole {
		if a, size, err := parse([]byte(whole[:n])); size != 0 || err != nil {
			t.Fatalf("%d bytes: got %v, %d bytes, %v", n, a, size, err)
		}
	}
	a, size, err := parse([]byte(whole + "HTTP/1.1 200"))
	if a.status != 401 || size != len(whole) || err != nil {
		t.Errorf("got %v, %d bytes, %v", a, size, err)
	}
}

func TestAnswerOfUnknownLengthOrNoneIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		if a, size, err := parse([]byte(text)); err == nil {
			t.Errorf("%q: got %v, %d bytes", text, a, size)
		}
	}
}

// FuzzParse compares with how Go reads responses: what parse takes, that takes
// too, with the same status and the same end.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 00\r\nX: y\r\n\r\nrest"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, size, err := parse(text)
		if err != nil || size == 0 {
			return
		}
		if size > len(text) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
		reader := bufio.NewReader(bytes.NewReader(text[:size]))
		response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodGet})
		if err != nil {
			return // Go looks at more of the headers
		}
		body, err := io.ReadAll(response.Body)
		bodiless := response.StatusCode < 200 || response.StatusCode == 204 || response.StatusCode == 304
		if response.StatusCode != a.status || !bodiless && (err != nil || !strings.HasSuffix(string(text[:size]), string(body)) || reader.Buffered() > 0) {
			t.Errorf("got %d with %d bytes, Go reads %d and a body %q (%v)", a.status, size, response.StatusCode, body, err)
		}
	})
}
