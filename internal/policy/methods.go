package policy

import (
	"fmt"
	"net/http"
)

// knownMethods are those that "*" stands for: the registered methods (IANA
// HTTP Method Registry) that carry a request to an application. TRACE and
// CONNECT speak to proxies and aren't among them.
var knownMethods = func() map[string]bool {
	known := map[string]bool{}
	for _, m := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, "ACL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK", "MERGE",
		"MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PROPFIND",
		"PROPPATCH", "QUERY", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE",
		"UPDATEREDIRECTREF", "VERSION-CONTROL",
	} {
		known[m] = true
	}
	return known
}()

// KnownMethod reports whether "*" stands for a method, too. Methods are
// case-sensitive (RFC 9110 section 9.1).
func KnownMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodPost || knownMethods[method]
}

// anyMethod is how a route says that it takes all known methods.
const anyMethod = "*"

func validMethod(m string) error {
	if m == anyMethod {
		return nil
	}
	for i := range len(m) {
		if c := m[i]; (c < 'A' || c > 'Z') && c != '-' {
			return fmt.Errorf("method %q is not written in capitals", m)
		}
	}
	if m == "ANY" || m == "ALL" {
		return fmt.Errorf("there is no method %s: write * for any", m)
	}
	if m == "" || m == http.MethodConnect || m == http.MethodTrace {
		return fmt.Errorf("method %q can't be routed", m)
	}
	return nil
}
