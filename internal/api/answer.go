package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
)

func refusal(code problem.Code, param, message string) error {
	return &manage.Error{Problem: problem.Problem{Code: code, Param: param, Message: message}}
}

// answer writes a document. One that can't be written is a fault of ours.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, status int, document any) {
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	body, err := json.Marshal(document)
	if err != nil {
		h.refuse(w, r, errors.Join(refusal(problem.InternalError, "", ""), fmt.Errorf("encode the answer: %w", err)))
		return
	}
	send(w, status, mediaJSON, append(body, '\n'))
}

// refuse writes what an error says to the caller. Why the store could not tell
// goes to the log alone.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := manage.ProblemOf(err)
	p.RequestID = h.RequestID(r)
	row := p.Code.Row()
	if row.Type == problem.APIError && r.Context().Err() == nil {
		h.Log.ErrorContext(r.Context(), "management call failed",
			slog.String("request_id", p.RequestID), slog.String("code", string(p.Code)), slog.Any("error", err))
	}
	if challenge := p.Challenge(); challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if row.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.FormatInt(p.RetryAfterSeconds(), 10))
	}
	if problem.WantsDetails(r.Header["Accept"]) {
		send(w, row.Status, mediaProblem, p.Details())
		return
	}
	send(w, row.Status, mediaJSON, p.JSON())
}

func send(w http.ResponseWriter, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // HEAD tells it too
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client went away: nobody is left to tell
}
