package upstream

import (
	"net/http"
	"strings"
)

// Checker answers 200 to whoever presents one of keys as a bearer token, and
// 401 to others: the small server that proxies without keys of their own ask
// about each request.
func Checker(keys []string) http.Handler {
	known := make(map[string]bool, len(keys))
	for _, key := range keys {
		known[key] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || !known[key] {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}
