package upstream

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEachRequestOfAConnectionIsAnsweredHoweverItIsCut(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- Serve(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, part := range []string{request, request[:10], request[10:], request + request[:26], request[26:]} {
		if _, err := io.WriteString(conn, part); err != nil {
			t.Fatal(err)
		}
	}
	in := bufio.NewReader(conn)
	for range 4 {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != `{"items":[],"more":false}` {
			t.Errorf("got %s %q (%v)", answer.Status, body, err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestCheckerKnowsItsKeysAndNoOthers(t *testing.T) {
	t.Parallel()
	checker := Checker([]string{"one", "two"})
	for header, want := range map[string]int{"Bearer one": 200, "Bearer two": 200, "Bearer three": 401, "one": 401, "Bearer ": 401, "": 401} {
		r := httptest.NewRequest(http.MethodGet, "/check", http.NoBody)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		checker.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: got %d, want %d", header, w.Code, want)
		}
	}
}
