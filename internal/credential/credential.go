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
	if len(value) <= len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) || value[len(scheme)] != ' ' {
		return Found{Code: problem.MalformedKey}
	}
	token := strings.TrimLeft(value[len(scheme):], " ")
	if i := strings.IndexByte(token, ','); i >= 0 && namesScheme(token[i+1:]) {
		return Found{Code: problem.MultipleCredentials}
	}
	if token == "" || strings.ContainsAny(token, " \t\",") {
		return Found{Code: problem.MalformedKey}
	}
	return Found{Text: token, JWT: isJWT(token)}
}

func namesScheme(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return len(rest) >= len(scheme) && strings.EqualFold(rest[:len(scheme)], scheme)
}

// isJWT reports whether a token has the look of a JSON Web Token (RFC 7519):
// three dot-separated parts, of which the first is the base64url of `{"`.
func isJWT(token string) bool {
	return strings.HasPrefix(token, "ey") && strings.Count(token, ".") == 2
}
