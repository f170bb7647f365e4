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

// Headers is what the upstream is told about one key, prepared once so that a
// request only hands the slices on.
type Headers struct {
	keyID, workspace, project, environment, scopes, profile, owner []string
}

// Anonymous is what the upstream is told of a caller without a key.
var Anonymous = HeadersOf(&keys.Key{})

// HeadersOf prepares a key's headers.
func HeadersOf(k *keys.Key) *Headers {
	return &Headers{
		keyID:       one(string(k.ID)),
		workspace:   one(k.Workspace),
		project:     one(k.Project),
		environment: one(string(k.Environment)),
		scopes:      one(strings.Join(k.Scopes, " ")),
		profile:     one(k.Profile),
		owner:       one(k.Owner),
	}
}

func one(value string) []string { return []string{Encode(value)} }

// Set writes all identity headers, empty ones too. A route's project takes the
// place of the key's.
func (i *Headers) Set(h http.Header, routeProject string) {
	h[HeaderKeyID] = i.keyID
	h[HeaderWorkspace] = i.workspace
	h[HeaderProject] = i.project
	h[HeaderEnvironment] = i.environment
	h[HeaderScopes] = i.scopes
	h[HeaderProfile] = i.profile
	h[HeaderOwner] = i.owner
	if routeProject != "" {
		h[HeaderProject] = one(routeProject)
	}
}

// Encode makes any text a header value: what isn't visible ASCII or a space
// within, and the percent sign, is percent-encoded (RFC 3986 section 2.1), so
// that a name can neither break a header line nor fail a request.
func Encode(value string) string {
	plain := func(c byte) bool { return c > ' ' && c <= '~' && c != '%' }
	clean := true
	for i := range len(value) {
		inner := value[i] == ' ' && i > 0 && i < len(value)-1
		clean = clean && (plain(value[i]) || inner)
	}
	if clean {
		return value
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if plain(c) || c == ' ' && i > 0 && i < len(value)-1 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
