package identity

import (
	"net/http"
	"strings"

	"github.com/keystile/keystile/internal/keys"
)

// Names of the identity headers, in their canonical form.
const (
	HeaderKeyID       = "Keystile-Key-Id"
	HeaderWorkspace   = "Keystile-Workspace"
	HeaderProject     = "Keystile-Project"
	HeaderEnvironment = "Keystile-Environment"
	HeaderScopes      = "Keystile-Scopes"
	HeaderProfile     = "Keystile-Profile"
	HeaderOwner       = "Keystile-Owner"

	// HeaderWouldDeny is the code that a gate which only observes would have
	// refused with.
	HeaderWouldDeny = "Keystile-Would-Deny"
)

// Places of the identity headers in Headers.values.
const (
	keyID = iota
	workspace
	project
	environment
	scopes
	profile
	owner
)

// names are the identity headers, by their places.
var names = [...]string{
	keyID: HeaderKeyID, workspace: HeaderWorkspace, project: HeaderProject, environment: HeaderEnvironment,
	scopes: HeaderScopes, profile: HeaderProfile, owner: HeaderOwner,
}

// Headers is what the upstream is told about keys that have all of it in common
// but their ID and owner, encoded once.
type Headers struct {
	values [len(names)]string
}

// Anonymous is what the upstream is told of a caller without a key.
var Anonymous = HeadersOf(&keys.Key{})

// HeadersOf prepares the headers of keys like this one.
func HeadersOf(k *keys.Key) *Headers {
	i := &Headers{values: [...]string{
		workspace: k.Workspace, project: k.Project, environment: string(k.Environment), scopes: strings.Join(k.Scopes, " "), profile: k.Profile,
		owner: "", // and no more places than names
	}}
	for at, value := range i.values {
		i.values[at] = Encode(value)
	}
	return i
}

// Set writes all identity headers, empty ones too. A route's project takes the
// place of the key's.
func (i *Headers) Set(h http.Header, id keys.ID, of, routeProject string) {
	// A copy for this request: handlers change header values in place.
	values := i.values
	values[keyID], values[owner] = Encode(string(id)), Encode(of)
	if routeProject != "" {
		values[project] = Encode(routeProject)
	}
	for at, name := range names {
		h[name] = values[at : at+1 : at+1]
	}
}

// Encode makes any text a header value: what isn't visible ASCII or a space
// within, and the percent sign, is percent-encoded (RFC 3986 section 2.1), so
// that a name can neither break a header line nor fail a request.
func Encode(value string) string {
	keeps := func(i int) bool {
		c := value[i]
		return c > ' ' && c <= '~' && c != '%' || c == ' ' && i > 0 && i < len(value)-1
	}
	clean := 0
	for clean < len(value) && keeps(clean) {
		clean++
	}
	if clean == len(value) {
		return value
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(value[:clean])
	for i := clean; i < len(value); i++ {
		if keeps(i) {
			b.WriteByte(value[i])
			continue
		}
		b.Write([]byte{'%', hex[value[i]>>4], hex[value[i]&15]})
	}
	return b.String()
}
