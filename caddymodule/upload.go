package caddymodule

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// shortBody is how many bytes of a body, at most, are not worth watching over:
// what fits into the buffers on the way has mostly arrived with the head.
const shortBody = 64 << 10

// uploads reports whether a request's body may go on for long after its head
// was decided about.
func uploads(r *http.Request) bool {
	return r.ContentLength < 0 || r.ContentLength > shortBody || len(r.Header["Expect"]) > 0
}

// upload is a body that ends when its call is cut, whoever reads it: the end of
// the context alone stops neither a handler that doesn't look at it, nor the
// server, which reads on behind an answer.
type upload struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // of the request that the body belongs to

	mu    sync.Mutex
	conn  *http.ResponseController
	ended bool // nothing waits for its bytes any more
	broke bool // the connection, by a deadline in the past
}

// Read implements io.Reader. Once the call is cut, that is why a read fails.
func (u *upload) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.ReadCloser.Read(b)
	if err != nil {
		// The server listens from here on whether the client goes away: a deadline
		// would be that, to all further requests of the connection, too.
		u.end()
		if u.ctx.Err() != nil {
			err = u.ctx.Err()
		}
	}
	return n, err
}

// cut ends reads that wait. Not every connection can do that; those go on until
// their next byte.
func (u *upload) cut() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.ended {
		u.broke = true
		_ = u.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func (u *upload) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
}

// spent reports whether no other request may come over the connection: the
// server may have taken the cut for the client's going away, at the very end of
// the body.
func (u *upload) spent() bool {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.broke
}
