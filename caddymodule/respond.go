package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/problem"
)

// refuse answers in the upstream's place. Caddy's own errors have an empty
// body and cost ten times as much, so the answer is written here, unless the
// configuration wants it otherwise.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, c *gateway.Call) error {
	gateway.SetHeaders(w.Header(), c)
	return h.answer(w, r, h.gate.Problem(c))
}

// refuseLate answers a request of a configuration that was replaced so long
// ago that its store is closed: the client is to try again, with the new one.
func (h *Handler) refuseLate(w http.ResponseWriter, r *http.Request, c *gateway.Call) error {
	h.strip(c)
	countElsewhere(string(problem.StoreUnavailable))
	if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
		maskSpan(span)
	}
	w.Header().Set("Connection", "close")
	return h.answer(w, r, &problem.Problem{Code: problem.StoreUnavailable})
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, p *problem.Problem) error {
	setProblemHeaders(w.Header(), p)
	p.RequestID = requestID(r)
	status := p.Code.Row().Status
	if h.denyStatus != 0 {
		setDeniedHeaders(w.Header(), p)
		status = h.denyStatus
	}
	if h.Errors == errorsCaddy {
		return caddyhttp.Error(status, errors.New(p.Text()))
	}
	body, kind := p.JSON(), "application/json"
	if h.Errors == errorsProblem || problem.WantsDetails(r.Header["Accept"]) {
		body, kind = p.Details(), problem.DetailsType
	}
	head, values := w.Header(), [...]string{kind, strconv.Itoa(len(body)), "nosniff"}
	head["Content-Type"], head["Content-Length"], head["X-Content-Type-Options"] = values[0:1:1], values[1:2:2], values[2:3:3]
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away needs no answer
	return nil
}

// setProblemHeaders sets what goes with a refusal whatever its body is.
func setProblemHeaders(head http.Header, p *problem.Problem) {
	head.Set("Cache-Control", "no-store")
	if challenge := p.Challenge(); challenge != "" {
		head.Set("WWW-Authenticate", challenge)
	}
	if status := p.Code.Row().Status; status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		head.Set("Retry-After", strconv.FormatInt(p.RetryAfterSeconds(), 10))
	}
}

// setDeniedHeaders says in headers what a proxy can't tell from an answer whose
// status is another one's: it may read neither status nor body.
func setDeniedHeaders(head http.Header, p *problem.Problem) {
	head.Set("Keystile-Status", strconv.Itoa(p.Code.Row().Status))
	head.Set("Keystile-Error", strings.TrimSpace(string(p.JSON())))
}

// requestID is Caddy's own, so that it stands in the access log, too, where
// that is configured.
func requestID(r *http.Request) string {
	id, _ := replacerOf(r).GetString("http.request.uuid")
	return id
}

// admit hands the request on, and counts the call once its status is known.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, c *gateway.Call, next caddyhttp.Handler) error {
	rw := &responseWriter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, gate: h.gate, call: c}
	if c.Entry != nil {
		var ctx context.Context
		ctx, rw.cut = context.WithCancel(r.Context())
		r = r.WithContext(ctx)
		if uploads(r) {
			rw.upload = &upload{ReadCloser: r.Body, ctx: ctx, conn: http.NewResponseController(w)}
			r.Body = rw.upload
			rw.watch()
		}
	}
	c.Tell(r.Header)
	defer rw.finish() // also behind a panic, by which a cut response ends
	err := next.ServeHTTP(rw, r)
	if err != nil {
		rw.countFailure(err)
	}
	if rw.upload != nil {
		rw.finish()
		rw.abort()
	}
	return err
}
