package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/keystile/keystile/internal/problem"
)

const maxBody = 1 << 20 // bytes

// readBody reads a body that is JSON as it says itself. None at all, or
// nothing said of its kind, is fine.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refusal(problem.BodyTooLarge, "", "")
	}
	if err != nil {
		return nil, refusal(problem.InvalidJSON, "", "The body broke off.")
	}
	if len(body) > 0 && !plain(r.Header) {
		w.Header().Set("Accept-Encoding", "identity") // RFC 9110 section 15.5.16: what would have done
		return nil, refusal(problem.UnsupportedMedia, "", "This coding of bodies isn't taken: send JSON that is not compressed.")
	}
	if len(body) > 0 && !isJSON(r.Header) {
		w.Header().Set("Accept", mediaJSON)
		return nil, refusal(problem.UnsupportedMedia, "", "")
	}
	return body, nil
}

// plain reports whether a body is not compressed.
func plain(h http.Header) bool {
	for _, coding := range h.Values("Content-Encoding") {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return false
		}
	}
	return true
}

func isJSON(h http.Header) bool {
	lines := h.Values("Content-Type")
	if len(lines) == 0 {
		return true
	}
	media, params, err := mime.ParseMediaType(lines[0])
	charset := params["charset"]
	return err == nil && len(lines) == 1 && media == mediaJSON &&
		(charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii"))
}
