// Package identity is what the upstream learns of the caller, and what it must
// never learn from the caller itself: the Keystile-* headers, the credential,
// and the hop-by-hop headers by which a client could strip or smuggle either.
package identity

import "net/http"

// reserved opens the names of every header that only the gate may write.
const reserved = "keystile-"

// overrides are headers by which a client asks an upstream to act on another
// method than the one that was authorised, or to go on in another protocol.
var overrides = []string{"x-http-method-override", "x-http-method", "x-method-override", "http2-settings"}

// Scrub removes from a request what a client must not hand to the upstream:
// headers in the gate's name and method overrides, in every spelling that an
// upstream may take for them; trailers; and the hop-by-hop headers that
// Connection names. Of upgrades, only a WebSocket's is left. The request is the
// copy that is handed on: into its own, the server reads the trailers later.
func Scrub(r *http.Request) {
	ScrubHops(r)
	for name := range r.Header {
		if Forged(name) {
			delete(r.Header, name)
		}
	}
}

// ScrubHops is the part of Scrub that knows what it looks for.
func ScrubHops(r *http.Request) {
	scrubHops(r.Header)
	r.Trailer = nil
}

// Forged reports whether a header has a name that a client must not use: in the
// gate's name, or an override.
func Forged(name string) bool { return opens(name, reserved) || isOverride(name) }

func isOverride(name string) bool {
	for _, one := range overrides {
		if len(name) == len(one) && opens(name, one) {
			return true
		}
	}
	return false
}

// opens reports whether a folded name begins with a prefix. It stops at the
// first byte that differs, which for most names is their first.
func opens(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if fold(name[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// fold maps a byte of a header's name to the one that an upstream may take it
// for: CGI tells neither letters of different case apart, nor - from _, and
// some servers write _ for whatever is neither a letter nor a digit.
func fold(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return c
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	}
	return '-'
}
