// Package identity is what the upstream learns of the caller, and what it must
// never learn from the caller itself: the Keystile-* headers, the credential,
// and the hop-by-hop headers by which a client could strip or smuggle either.
package identity

import (
	"net/http"
	"strings"
)

// reserved opens the names of every header that only the gate may write.
const reserved = "keystile"

// overrides are headers by which a client asks an upstream to act on another
// method than the one that was authorised.
var overrides = map[string]bool{
	"x-http-method-override": true, "x-http-method": true, "x-method-override": true,
}

// Scrub removes from a request what a client must not hand to the upstream:
// headers in the gate's name (however spelled with -, _ or . and in whatever
// case), method overrides, trailers, and the hop-by-hop headers that
// Connection names. Of upgrades, only a WebSocket's is left.
func Scrub(r *http.Request) {
	scrubHops(r)
	for name := range r.Header {
		if isReserved(name) || isOverride(name) {
			delete(r.Header, name)
		}
	}
	r.Trailer = nil
}

// ScrubResponse removes from a response what only the gate may say: headers in
// its name and, where the gate has limits of its own to speak of, rate-limit
// headers that would contradict them.
func ScrubResponse(h http.Header, limits bool) {
	for name := range h {
		if name != "" && (isReserved(name) || limits && isRateLimit(name)) {
			delete(h, name)
		}
	}
}

func isReserved(name string) bool {
	return len(name) > len(reserved) && name[0]|0x20 == 'k' && isSeparator(name[len(reserved)]) &&
		strings.EqualFold(name[:len(reserved)], reserved)
}

func isSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func isOverride(name string) bool {
	return len(name) > 2 && name[0]|0x20 == 'x' && isSeparator(name[1]) && overrides[fold(name)]
}

func isRateLimit(name string) bool {
	if first := name[0] | 0x20; first != 'r' && first != 'x' {
		return false
	}
	name = strings.TrimPrefix(fold(name), "x-")
	return name == "ratelimit" || strings.HasPrefix(name, "ratelimit-")
}

// fold maps spellings that a CGI-like upstream can't tell apart to one.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' {
			return '-'
		}
		return r
	}, strings.ToLower(name))
}
