package forwarded

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Names of the headers, in their canonical form. Of each fact there are two
// families; whichever speaks is heard, and where both do they have to agree.
const (
	forwardedMethod = "X-Forwarded-Method"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedHost   = "X-Forwarded-Host"
	originalMethod  = "X-Original-Method"
	originalURI     = "X-Original-Uri"
	originalURL     = "X-Original-Url"
)

// Targets are the headers that tell a target, with its query.
var Targets = [...]string{forwardedURI, originalURI, originalURL}

// Request is the request that is asked about.
type Request struct {
	Method string
	// URL is the target: its path and query, and no host.
	URL *url.URL
	// URI is the target as it was sent, without a host.
	URI string
	// Host is empty where nobody says it.
	Host string
}

// Read finds the request in the headers of the one that asks. The error says
// what is missing, stands twice, or differs; it names headers and quotes no
// value, which may hold a secret.
func Read(h http.Header) (Request, error) {
	method, err := agreed(h, same, forwardedMethod, originalMethod)
	if err != nil {
		return Request{}, err
	}
	if method == "" {
		return Request{}, missing(forwardedMethod, originalMethod)
	}
	host, err := agreed(h, same, forwardedHost)
	if err != nil {
		return Request{}, err
	}
	target, err := agreed(h, sameTarget, forwardedURI, originalURI, originalURL)
	if err != nil {
		return Request{}, err
	}
	if target == "" {
		return Request{}, missing(forwardedURI, originalURI)
	}
	return describe(method, host, target)
}

func describe(method, host, target string) (Request, error) {
	if !isToken(method) {
		return Request{}, errors.New("the method is none")
	}
	u, err := parse(target)
	if err != nil {
		return Request{}, err
	}
	r := Request{Method: method, URL: u, URI: target, Host: host}
	if u.Host != "" { // as RFC 9112 section 3.2.2 has it, whatever a Host line says
		r.Host = u.Host
		r.URI = behindAuthority(target)
	}
	u.Scheme, u.Host, u.User = "", "", nil
	return r, nil
}

// behindAuthority cuts the scheme and the host off a target in absolute form.
func behindAuthority(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[i:]
	}
	return ""
}

// agreed is the one value that the headers of these names have; empty where
// none stands there. An empty header says nothing: a proxy clears one so.
func agreed(h http.Header, same func(a, b string) bool, names ...string) (value string, err error) {
	from := ""
	for _, name := range names {
		values := h[name]
		switch {
		case len(values) > 1:
			return "", fmt.Errorf("%s stands there %d times", name, len(values))
		case len(values) == 0 || values[0] == "":
		case from != "" && !same(value, values[0]):
			return "", fmt.Errorf("%s and %s differ", from, name)
		case from == "":
			from, value = name, values[0]
		}
	}
	return value, nil
}

func same(a, b string) bool { return a == b }

// sameTarget compares targets of which one may name the host, too.
func sameTarget(a, b string) bool {
	one, err := parse(a)
	if err != nil {
		return a == b
	}
	other, err := parse(b)
	return err == nil && one.RequestURI() == other.RequestURI()
}

var errTarget = errors.New("the target is none")

// parse reads a target in origin form, or in absolute form with an authority.
// What no line of a request can hold is none: a proxy that joins two headers
// writes a space between them.
func parse(target string) (*url.URL, error) {
	if strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return nil, errTarget
	}
	u, err := url.ParseRequestURI(target)
	switch {
	case err != nil: // which would quote the target
		return nil, errTarget
	case u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"):
		return u, nil
	case u.Scheme != "" || !strings.HasPrefix(target, "/"):
		return nil, errTarget
	}
	return u, nil
}

func missing(names ...string) error {
	return fmt.Errorf("%s is missing", strings.Join(names, " or "))
}

// isToken reports whether text can be a method (RFC 9110 section 9.1).
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}
