package caddymodule

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/identity"
)

// responseWriter sees the status line of an admitted call: there the call is
// counted, and what only the gate may say in headers becomes the gate's.
type responseWriter struct {
	caddyhttp.ResponseWriterWrapper
	gate    *gateway.Gate
	call    *gateway.Call
	wrote   bool
	lines   int // of the head, once it is written: what comes on top are trailers
	counted bool
	cut     context.CancelFunc // ends what stands behind us; nil without a key
	unwatch func()             // of a call that goes on
	upload  *upload            // nil: the body is short
}

// WriteHeader implements http.ResponseWriter. Of the informational answers,
// 101 is the last and counts; the others go before the one that does.
func (w *responseWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = status >= http.StatusOK || status == http.StatusSwitchingProtocols
		identity.ScrubResponse(w.Header(), w.call.Entry != nil)
		if w.wrote {
			gateway.SetHeaders(w.Header(), w.call)
			w.closeIfSpent()
			w.count(status)
			w.lines = len(w.Header())
			if endless(w.Header(), status) {
				w.watch()
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(body []byte) (int, error) {
	w.head()
	return w.ResponseWriter.Write(body)
}

// ReadFrom implements io.ReaderFrom, so that files and sockets are spliced.
func (w *responseWriter) ReadFrom(body io.Reader) (int64, error) {
	w.head()
	return w.ResponseWriterWrapper.ReadFrom(body)
}

// FlushError makes http.ResponseController flush through us, so that a flush
// before the first byte finds its headers set.
func (w *responseWriter) FlushError() error {
	w.head()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// head writes the status line that a body without one implies.
func (w *responseWriter) head() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *responseWriter) count(status int) {
	if !w.counted {
		w.counted = true
		w.gate.Count(w.call, status)
	}
}

// countFailure counts the status that Caddy writes for an error, behind us.
func (w *responseWriter) countFailure(err error) {
	if failure, ok := errors.AsType[caddyhttp.HandlerError](err); ok && failure.StatusCode != 0 {
		w.count(failure.StatusCode)
	}
}

// endless reports whether a response has no known end.
func endless(head http.Header, status int) bool {
	return head.Get("Content-Length") == "" && status != http.StatusNoContent && status != http.StatusNotModified
}

// watch has the call cut once its key's right ends.
func (w *responseWriter) watch() {
	if w.cut == nil || w.unwatch != nil {
		return
	}
	cut := w.cut
	if u := w.upload; u != nil {
		cut = func() { w.cut(); u.cut() }
	}
	w.unwatch = w.gate.Watch(w.call, cut)
}

// closeIfSpent has the connection closed behind this answer, where no other
// request may come over it. HTTP/2 has a stream for each, which ends anyway.
func (w *responseWriter) closeIfSpent() {
	if w.call.Request.ProtoMajor == 1 && w.upload.spent() {
		w.Header()["Connection"] = []string{"close"}
	}
}

// finish ends the watch, and counts a call that ended without a status line.
func (w *responseWriter) finish() {
	w.count(0)
	if w.wrote && len(w.Header()) != w.lines {
		identity.ScrubTrailers(w.Header(), w.call.Entry != nil)
	}
	if w.unwatch != nil {
		w.unwatch()
	}
	if w.upload != nil {
		w.upload.end()
		w.closeIfSpent() // in case that an error is still to be answered
	}
	if w.cut != nil {
		w.cut()
	}
}

// abort ends the connection of a call that was cut behind its status line, which
// couldn't say any more that it would be closed.
func (w *responseWriter) abort() {
	if w.wrote && w.call.Request.ProtoMajor == 1 && w.upload.spent() && w.Header().Get("Connection") != "close" {
		panic(http.ErrAbortHandler)
	}
}
