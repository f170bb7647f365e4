// Package echo is an upstream that answers with the request it received, for
// trying a gate without having an API.
package echo

import (
	"encoding/json"
	"io"
	"net/http"
)

// maxBody bounds, in bytes, how much of a body is answered with.
const maxBody = 1 << 20

// Request is what the upstream received.
type Request struct {
	Method  string              `json:"method"`
	Path    string              `json:"path"` // as sent, escapes kept
	Query   string              `json:"query"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
}

// Handler answers each request with itself, as JSON.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		headers := map[string][]string(r.Header.Clone())
		headers["Host"] = []string{r.Host}
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Headers: headers, Body: string(body)})
	})
}
