package identity

import (
	"net/http"
	"strings"
)

// limitNames open the names of headers that tell where a rate limit stands.
var limitNames = []string{"ratelimit", "x-ratelimit", "rate-limit", "x-rate-limit"}

// ScrubResponse removes from the head of a response what only the gate may say:
// headers in its name and, where the gate has limits of its own to speak of,
// rate-limit headers that would contradict them; announced trailers, too.
func ScrubResponse(h http.Header, limits bool) {
	for name, values := range h {
		if isGates(name, limits) {
			delete(h, name)
		} else if name == "Trailer" {
			scrubAnnounced(h, values, limits)
		}
	}
}

// ScrubTrailers removes the same from trailers that nobody announced, and which
// http.TrailerPrefix marks.
func ScrubTrailers(h http.Header, limits bool) {
	for name := range h {
		if trailer, is := strings.CutPrefix(name, http.TrailerPrefix); is && isGates(trailer, limits) {
			delete(h, name)
		}
	}
}

// scrubAnnounced leaves the names of trailers that others may send. What isn't
// announced in the head isn't sent.
func scrubAnnounced(h http.Header, values []string, limits bool) {
	var kept []string
	for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if name = strings.TrimSpace(name); name != "" && !isGates(name, limits) {
			kept = append(kept, name)
		}
	}
	if delete(h, "Trailer"); len(kept) > 0 {
		h["Trailer"] = []string{strings.Join(kept, ", ")}
	}
}

func isGates(name string, limits bool) bool {
	return opens(name, reserved) || limits && isRateLimit(name)
}

func isRateLimit(name string) bool {
	for _, one := range limitNames {
		if opens(name, one) && (len(name) == len(one) || fold(name[len(one)]) == '-') {
			return true
		}
	}
	return false
}
