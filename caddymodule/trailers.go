package caddymodule

import (
	"errors"
	"io"
	"net/http"
)

// withoutTrailers empties the trailers that a client has announced, before an
// error goes to handle_errors: that starts from the request as it was before
// others, such as Caddy's tracing, copied it for the gate. The server enters
// trailers when the body has been read, so that is done here; a long body can't
// be read behind this.
func withoutTrailers(r *http.Request, announced http.Header, err error) error {
	if err == nil || announced == nil {
		return err
	}
	if _, end := io.CopyN(io.Discard, r.Body, shortBody); !errors.Is(end, io.EOF) {
		_ = r.Body.Close() // nothing is left to do with it
	}
	clear(announced)
	return err
}
