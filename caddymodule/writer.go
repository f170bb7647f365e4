package caddymodule

import (
	"context"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/identity"
)

// responseWriter sees the status line of an admitted call: there the call is
// counted, and what only the gate may say in headers becomes the gate's.
type responseWriter struct {
	*caddyhttp.ResponseWriterWrapper
	gate    *gateway.Gate
	call    *gateway.Call
	wrote   bool
	counted bool
	cut     context.CancelFunc // ends what stands behind us; nil without a key
	unwatch func()             // of a response that goes on
}

// WriteHeader implements http.ResponseWriter. Of the informational answers,
// 101 is the last and counts; the others go before the one that does.
func (w *responseWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = status >= http.StatusOK || status == http.StatusSwitchingProtocols
		identity.ScrubResponse(w.Header(), w.call.Entry != nil)
		if w.wrote {
			gateway.SetHeaders(w.Header(), w.call)
			w.count(status)
			w.watch(status)
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

// watch has a response without a known end cut once its key's right ends.
func (w *responseWriter) watch(status int) {
	if w.cut == nil || w.Header().Get("Content-Length") != "" || status == http.StatusNoContent || status == http.StatusNotModified {
		return
	}
	w.unwatch = w.gate.Watch(w.call, w.cut)
}

// finish ends the watch, and counts a call that ended without a status line.
func (w *responseWriter) finish() {
	w.count(0)
	if w.unwatch != nil {
		w.unwatch()
	}
	if w.cut != nil {
		w.cut()
	}
}
