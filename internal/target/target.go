// Package target judges the shape of a request's target: whether every program
// that reads it will read the same path. What has two readings is refused,
// never cleaned.
package target

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Served reports whether a request has a form of target that a gate serves:
// origin form, or absolute form with an authority (RFC 9112 section 3.2). Of
// CONNECT, only the extended kind that opens a WebSocket is served (RFC 8441).
func Served(r *http.Request) bool {
	if r.Method == http.MethodConnect && !ExtendedConnect(r) {
		return false
	}
	if strings.ContainsAny(r.RequestURI, "#\\") {
		return false
	}
	u := r.URL
	if u.Opaque != "" || u.Path == "" || u.Path[0] != '/' {
		return false
	}
	if u.Scheme == "" || r.RequestURI == "" || r.RequestURI[0] == '/' {
		return true
	}
	return u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// ExtendedConnect reports whether a CONNECT request opens a WebSocket over
// HTTP/2 or HTTP/3 (RFC 8441, RFC 9220). It is decided as GET.
func ExtendedConnect(r *http.Request) bool {
	return r.ProtoMajor >= 2 && r.Header.Get(":protocol") == "websocket"
}

// Plain reports whether an escaped path has one reading only: it starts with a
// slash and holds no empty segment save the last, no dot segment, no encoded
// slash, no backslash, no control byte, no encoded ? or #, no escape that
// decodes to another escape, and nothing that isn't UTF-8 once decoded.
func Plain(escaped string) bool {
	if escaped == "" || escaped[0] != '/' {
		return false
	}
	return eachSegment(escaped, func(segment string, last bool) bool {
		text, ok := decode(segment)
		if !ok || hasControl(text) || !utf8.ValidString(text) {
			return false
		}
		head := beforeParameters(text)
		if head == "" && (!last || text != "") || isDots(head) {
			return false
		}
		return len(text) == len(segment) && !strings.ContainsAny(text, `\#?`) ||
			len(text) != len(segment) && !strings.ContainsAny(text, `/\#?`) && !hasEscape(text)
	})
}

// Loose is Plain for routes that opted into odd spellings (`paths loose`): it
// refuses only control bytes, what isn't UTF-8, and dot segments, however they
// are spelled.
func Loose(escaped string) bool {
	if escaped == "" || escaped[0] != '/' {
		return false
	}
	text, ok := decode(escaped)
	for range 3 { // an upstream may decode once more than it should
		if !ok || hasControl(text) || !utf8.ValidString(text) || hasDotSegment(text) {
			return false
		}
		if !hasEscape(text) {
			return true
		}
		text, ok = decode(text)
	}
	return false
}

func hasDotSegment(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '/' || c == '\\' }) {
		if isDots(beforeParameters(part)) {
			return true
		}
	}
	return false
}

// eachSegment calls fn for each segment between slashes until it returns false.
func eachSegment(path string, fn func(segment string, last bool) bool) bool {
	rest := path[1:]
	for {
		segment, tail, more := strings.Cut(rest, "/")
		if !fn(segment, !more) {
			return false
		}
		if !more {
			return true
		}
		rest = tail
	}
}

// decode removes one layer of percent-encoding. Without any it costs nothing.
func decode(segment string) (string, bool) {
	if strings.IndexByte(segment, '%') < 0 {
		return segment, true
	}
	text, err := url.PathUnescape(segment)
	return text, err == nil
}

// beforeParameters cuts the matrix parameters off a segment: some servers
// drop them before they look at its name.
func beforeParameters(segment string) string {
	head, _, _ := strings.Cut(segment, ";")
	return head
}

func isDots(segment string) bool { return segment == "." || segment == ".." }

func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// hasEscape reports whether text, once decoded, still holds an escape.
func hasEscape(text string) bool {
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '%' && isHex(text[i+1]) && isHex(text[i+2]) {
			return true
		}
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
