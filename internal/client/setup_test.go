package client

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// token is what the tests send, and what no error may repeat.
const token = "kst_canary00000000000000000000000000000000"

// server answers every request alike, and keeps what came.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func serve(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen, s.body = append(s.seen, r), append(s.body, string(body))
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// says makes an answer with a status and a JSON document.
func says(status int, document string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, document)
	}
}

func dial(t *testing.T, config Config) *Client {
	t.Helper()
	if config.Token.IsZero() {
		config.Token = keys.NewSecret(token)
	}
	config.UserAgent = "keystile/test"
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// at is a client of an address.
func at(t *testing.T, address string) *Client {
	t.Helper()
	return dial(t, Config{Address: address})
}

// list is a call that is safe to repeat.
func list(t *testing.T, c *Client) error {
	t.Helper()
	_, err := c.ListKeys(t.Context(), manage.Call{}, manage.KeyQuery{})
	return err
}

// create is a call that may be repeated under its idempotency key.
func create(t *testing.T, c *Client) (manage.CreatedKey, error) {
	t.Helper()
	return c.CreateKey(t.Context(), manage.Call{}, manage.NewKey{Name: "a key"})
}

// remove is a call that may not be repeated.
func remove(t *testing.T, c *Client) error {
	t.Helper()
	return c.DeleteKey(t.Context(), manage.Call{}, "key_1")
}

// wantOneLine fails the test unless an error says what it must, in one line
// and without the token.
func wantOneLine(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("succeeded, want %q", says)
	}
	text := err.Error()
	if !strings.Contains(text, says) {
		t.Errorf("says %q, want %q in it", text, says)
	}
	if strings.Contains(text, "\n") || strings.Contains(text, token[4:]) {
		t.Errorf("says %q: more than a line, or the token", text)
	}
}
