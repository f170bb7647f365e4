package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// failure is a call that got no answer. Its text is one sentence; what net/http
// says of it would name the address twice and the cause last.
type failure struct {
	text  string
	broke bool // the connection was there, and then it wasn't
	err   error
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// Unwrap gives what the network said.
func (f *failure) Unwrap() error { return f.err }

// unreached says why there is no answer.
func (c *Client) unreached(ctx context.Context, rq *request, err error) error {
	failed := &failure{err: err}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		failed.text = fmt.Sprintf("%s didn't answer within %v", c.base, patience+rq.longer)
	case ctx.Err() != nil:
		failed.text = fmt.Sprintf("%s was not waited for: %v", c.base, ctx.Err())
	case brokeOff(err):
		failed.text, failed.broke = fmt.Sprintf("the connection to %s broke off before the answer was there", c.base), true
	default:
		failed.text = fmt.Sprintf("can't reach %s: %s", c.base, cause(err))
		return failed // nothing was sent
	}
	if rq.method != http.MethodGet {
		failed.text += "; it may have been done all the same"
	}
	return failed
}

// brokeOff tells a connection that ended early from one that was never made.
func brokeOff(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// cause says in a few words what kept a connection from being made.
func cause(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("look up %s: %s", dns.Name, dns.Err)
	}
	if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate isn't trusted: " + failed.Err.Error()
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error()
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "it speaks http there, and not https"
	}
	if timeout := (net.Error)(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return "nobody answers there"
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err.Error()
	}
	return err.Error()
}
