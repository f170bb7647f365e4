package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

// line is a network in memory: each request takes the next attempt; the last
// one stands for all that follow.
type line struct {
	attempts []func(*http.Request) (*http.Response, error)
	sent     []*http.Request
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.sent = append(l.sent, r)
	return l.attempts[min(len(l.sent), len(l.attempts))-1](r)
}

func respond(status int, document string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		head := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(header); i += 2 {
			head.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: head, Body: io.NopCloser(strings.NewReader(document)), Request: r}, nil
	}
}

func fault(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// silence never answers.
func silence(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var (
	good    = respond(200, anything)
	reset   = fault(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})
	nobody  = fault(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	away    = respond(502, "<html>")
	timeout = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "admin.example.com"}}
)

func TestOnlyWhatCanNotDoubleIsRepeated(t *testing.T) {
	t.Parallel()
	listing := func(t *testing.T, c *Client) error { return list(t, c) }
	creating := func(t *testing.T, c *Client) error { _, err := create(t, c); return err }
	removing := func(t *testing.T, c *Client) error { return remove(t, c) }
	editing := func(t *testing.T, c *Client) error {
		_, err := c.EditKey(t.Context(), manage.Call{}, "key_1", manage.KeyEdit{})
		return err
	}
	revoking := func(t *testing.T, c *Client) error {
		_, err := c.RevokeKey(t.Context(), manage.Call{}, "key_1", manage.Revocation{})
		return err
	}
	rotating := func(t *testing.T, c *Client) error {
		_, err := c.RotateKey(t.Context(), manage.Call{}, "key_1", manage.Rotation{})
		return err
	}
	for name, row := range map[string]struct {
		do       func(*testing.T, *Client) error
		attempts []func(*http.Request) (*http.Response, error)
		sent     int
		says     string // empty: it succeeds
	}{
		"a list, reset once":             {listing, []func(*http.Request) (*http.Response, error){reset, good}, 2, ""},
		"a list, cut off":                {listing, []func(*http.Request) (*http.Response, error){fault(io.EOF), fault(io.ErrUnexpectedEOF), good}, 3, ""},
		"a list, away twice":             {listing, []func(*http.Request) (*http.Response, error){away, respond(503, `{"error":{"code":"store_unavailable","message":"Later."}}`), good}, 3, ""},
		"a list, away for long":          {listing, []func(*http.Request) (*http.Response, error){away}, 3, "answered 502 Bad Gateway"},
		"a list, asked to wait":          {listing, []func(*http.Request) (*http.Response, error){respond(503, anything, "Retry-After", "3600"), good}, 1, "answered 503"},
		"a list, refused":                {listing, []func(*http.Request) (*http.Response, error){respond(500, "{}"), good}, 1, "answered 500"},
		"a list, nobody there":           {listing, []func(*http.Request) (*http.Response, error){nobody, good}, 1, "connection refused"},
		"a list, no name":                {listing, []func(*http.Request) (*http.Response, error){fault(timeout), good}, 1, "can't reach http://admin.example.com: look up admin.example.com: server misbehaving"},
		"a list, silence":                {listing, []func(*http.Request) (*http.Response, error){silence, good}, 1, "didn't answer within 30s"},
		"a create, reset":                {creating, []func(*http.Request) (*http.Response, error){reset, good}, 2, ""},
		"a create, silence":              {creating, []func(*http.Request) (*http.Response, error){silence, good}, 1, "didn't answer within 30s; it may have been done all the same"},
		"a rotation, reset":              {rotating, []func(*http.Request) (*http.Response, error){reset, good}, 2, ""},
		"a rotation, reset all the time": {rotating, []func(*http.Request) (*http.Response, error){reset}, 3, "it may have been done all the same"},
		"a deletion, reset":              {removing, []func(*http.Request) (*http.Response, error){reset, good}, 1, "broke off before the answer was there; it may have been done all the same"},
		"a deletion, away":               {removing, []func(*http.Request) (*http.Response, error){away, good}, 1, "answered 502"},
		"a deletion, nobody there":       {removing, []func(*http.Request) (*http.Response, error){nobody}, 1, "can't reach http://admin.example.com: connection refused"},
		"a deletion, reset before it":    {removing, []func(*http.Request) (*http.Response, error){fault(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNRESET})}, 1, "can't reach http://admin.example.com: connection reset by peer"},
		"an edit, reset":                 {editing, []func(*http.Request) (*http.Response, error){reset, good}, 1, "it may have been done"},
		"a revocation, reset":            {revoking, []func(*http.Request) (*http.Response, error){reset, away, good}, 3, ""},
		"a revocation, silence":          {revoking, []func(*http.Request) (*http.Response, error){silence, good}, 1, "didn't answer within 30s; it may have been done all the same"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &line{attempts: row.attempts}
				err := row.do(t, dial(t, Config{Address: "http://admin.example.com", Transport: wire}))
				if row.says != "" {
					wantOneLine(t, err, row.says)
				} else if err != nil {
					t.Error(err)
				}
				if len(wire.sent) != row.sent {
					t.Errorf("sent %d times, want %d", len(wire.sent), row.sent)
				}
			})
		})
	}
}

func TestARepeatedCreateIsOneCreate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &line{attempts: []func(*http.Request) (*http.Response, error){reset, away, good}}
		c := dial(t, Config{Address: "http://admin.example.com", Transport: wire})
		if _, err := create(t, c); err != nil {
			t.Fatal(err)
		}
		names := map[string]int{}
		for _, r := range wire.sent {
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != `{"name":"a key"}` {
				t.Errorf("sent %q (%v)", body, err)
			}
			names[r.Header.Get("Idempotency-Key")]++
		}
		if len(names) != 1 || names[""] > 0 {
			t.Errorf("sent as %v", names)
		}
		if _, err := create(t, c); err != nil {
			t.Fatal(err)
		}
		if again := wire.sent[3].Header.Get("Idempotency-Key"); names[again] > 0 {
			t.Error("the next create bears the same name")
		}
		stated := manage.Call{IdempotencyKey: "mine"}
		if _, err := c.CreateKey(t.Context(), stated, manage.NewKey{}); err != nil || wire.sent[4].Header.Get("Idempotency-Key") != "mine" {
			t.Errorf("sent %v, %v", wire.sent[4].Header, err)
		}
	})
}

func TestPausesGrowAndObeyTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &line{attempts: []func(*http.Request) (*http.Response, error){respond(503, "{}", "Retry-After", "4"), away, good}}
		start := time.Now()
		if err := list(t, dial(t, Config{Address: "http://admin.example.com", Transport: wire})); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %v, want 4 s as asked for and 1 s", took)
		}
	})
}

// A revocation that waits for the gateways takes as long as it may wait.
func TestAWaitingRevocationHasTheTimeForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &line{attempts: []func(*http.Request) (*http.Response, error){silence}}
		c := dial(t, Config{Address: "http://admin.example.com", Transport: wire})
		start := time.Now()
		_, err := c.RevokeKey(t.Context(), manage.Call{}, "key_1", manage.Revocation{Wait: "1m"})
		wantOneLine(t, err, "didn't answer within 1m30s")
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("took %v", took)
		}
		wire.attempts[0] = respond(422, `{"error":{"code":"invalid_request","message":"wait must be a duration."}}`)
		_, err = c.RevokeKey(t.Context(), manage.Call{}, "key_1", manage.Revocation{Wait: "soon"})
		wantOneLine(t, err, "wait must be a duration.")
	})
}

func TestWhoeverStopsWaitingIsObeyed(t *testing.T) {
	t.Parallel()
	wire := &line{attempts: []func(*http.Request) (*http.Response, error){silence}}
	c := dial(t, Config{Address: "http://admin.example.com", Transport: wire})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.ListKeys(ctx, manage.Call{}, manage.KeyQuery{})
	wantOneLine(t, err, "was not waited for")
	if failed := (*failure)(nil); !errors.As(err, &failed) || failed.broke {
		t.Errorf("got %v", err)
	}
}
