// Package credential finds the one credential of a request and tells what
// kind of thing it is, without knowing any key.
package credential

import (
	"net/http"
	"strings"

	"github.com/keystile/keystile/internal/problem"
)

// Found is what a request carries where its credential belongs.
type Found struct {
	// Text is the token, where exactly one well-placed one was found.
	Text string
	// Code refuses the request where that isn't so; empty otherwise.
	Code problem.Code
	// JWT says that Text looks like a JSON Web Token.
	JWT bool
}

// FromBearer reads Authorization as RFC 6750 section 2.1 has it. The scheme is
// matched in any case and may be followed by several spaces; a second header
// line, even an identical one, is a second credential.
func FromBearer(h http.Header) Found {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return Found{Code: problem.MissingKey}
	case len(values) > 1:
		return Found{Code: problem.MultipleCredentials}
	case values[0] == "":
		return Found{Code: problem.MissingKey}
	}
	return bearer(values[0])
}

const scheme = "bearer"

func bearer(value string) Found {
	token, ok := afterScheme(value)
	switch {
	case !ok || token == "":
		return Found{Code: problem.MalformedKey}
	case isToken(token):
		return Found{Text: token, JWT: isJWT(token)}
	case holdsAnother(token):
		return Found{Code: problem.MultipleCredentials}
	default:
		return Found{Code: problem.MalformedKey}
	}
}

// afterScheme cuts the scheme and the spaces behind it off a value.
func afterScheme(value string) (token string, ok bool) {
	if len(value) <= len(scheme) || value[len(scheme)] != ' ' {
		return "", false
	}
	if name := value[:len(scheme)]; name != "Bearer" && !strings.EqualFold(name, scheme) {
		return "", false
	}
	return strings.TrimLeft(value[len(scheme):], " "), true
}

// holdsAnother reports whether a further credential of the same scheme stands
// behind a comma, as in lines that a proxy has joined.
func holdsAnother(token string) bool {
	for {
		_, rest, more := strings.Cut(token, ",")
		if !more {
			return false
		}
		if _, ok := afterScheme(strings.TrimLeft(rest, " \t")); ok {
			return true
		}
		token = rest
	}
}

// isToken reports whether text can be a credential at all: visible ASCII, and
// nothing that would quote it or separate it from another.
func isToken(text string) bool {
	for i := range len(text) {
		if !tokenByte[text[i]] {
			return false
		}
	}
	return true
}

var tokenByte = func() (set [256]bool) {
	for c := '!'; c <= '~'; c++ {
		set[c] = c != '"' && c != ','
	}
	return set
}()

// isJWT reports whether a token has the look of a JSON Web Token (RFC 7519):
// base64url in three parts (signed, or with an empty signature) or five
// (encrypted), of which the first is the beginning of a JSON object.
func isJWT(token string) bool {
	if !strings.HasPrefix(token, "ey") {
		return false
	}
	dots := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			dots++
		case !isBase64URL(c):
			return false
		}
	}
	return dots == 2 || dots == 4
}

func isBase64URL(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
