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
	u := r.URL
	switch {
	case u.Opaque != "", u.Fragment != "", strings.Contains(r.RequestURI, "#"):
		return false
	case u.Path == "" || u.Path[0] != '/':
		return false
	case u.Scheme == "":
		return true
	}
	return u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// ExtendedConnect reports whether a request is a CONNECT that opens a
// WebSocket over HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220, where the server puts
// the protocol in Proto). It is decided as GET.
func ExtendedConnect(r *http.Request) bool {
	if r.Method != http.MethodConnect {
		return false
	}
	return r.ProtoMajor == 2 && r.Header.Get(":protocol") == websocket || r.ProtoMajor == 3 && r.Proto == websocket
}

const websocket = "websocket"

// Plain reports whether an escaped path has one reading only: it starts with a
// slash and holds no empty segment save the last, no dot segment, no encoded
// slash, no backslash, no control byte, no encoded ? or #, no escape that
// decodes to another escape, and nothing that isn't UTF-8 once decoded. A
// segment of which nothing is left without its ;parameters and its trailing
// dots and spaces counts as a dot segment. It allocates only for escapes.
func Plain(escaped string) bool {
	if escaped == "" || escaped[0] != '/' {
		return false
	}
	start, named, odd := 1, false, false
	for i := 1; i < len(escaped); i++ {
		switch c := escaped[i]; {
		case c == '/':
			if !plainSegment(escaped[start:i], named, odd) {
				return false
			}
			start, named, odd = i+1, false, false
		case ordinary[c]:
			named = true
		case c != '.':
			odd = true
		}
	}
	return start == len(escaped) || plainSegment(escaped[start:], named, odd)
}

// ordinary are the bytes of a path that mean nothing but themselves, to anyone
// (RFC 3986 section 3.3, without dots and semicolons).
var ordinary = func() (set [256]bool) {
	for c := range 256 {
		set[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range "-_~!$&'()*+,=:@" {
		set[c] = true
	}
	return set
}()

// plainSegment judges one segment: named says that it holds an ordinary byte,
// odd that it holds one which is neither that nor a dot.
func plainSegment(segment string, named, odd bool) bool {
	if !odd {
		return named
	}
	text, ok := decode(segment)
	return ok && isText(text) && !strings.ContainsAny(text, `/\#?`) && !hasEscape(text) &&
		strings.TrimRight(beforeParameters(text), ". ") != ""
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
		if !ok || !isText(text) || hasDotSegment(text) {
			return false
		}
		if !hasEscape(text) {
			return true
		}
		text, ok = decode(text)
	}
	return false
}

// hasDotSegment looks between everything that some reader ends a segment at.
func hasDotSegment(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(`/\?#`, c) }) {
		if isDots(beforeParameters(part)) {
			return true
		}
	}
	return false
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

// isDots reports whether a segment is a dot segment, for those, too, who drop
// the spaces at a name's end.
func isDots(segment string) bool {
	segment = strings.TrimRight(segment, " ")
	return segment == "." || segment == ".."
}

// isText reports whether text is UTF-8 without control bytes.
func isText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(text)
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
