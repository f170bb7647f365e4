package problem

import (
	"net/http"
	"strings"
)

// Challenge is the value of WWW-Authenticate as RFC 6750 section 3 has it: no
// error attribute where nothing was presented. It is empty for codes that
// don't challenge.
func (p *Problem) Challenge() string {
	const realm = `Bearer realm="api"`
	row := p.Code.Row()
	switch {
	case p.Code == MissingKey, p.Code == MissingToken:
		return realm
	case row.Status == http.StatusUnauthorized:
		return realm + `, error="invalid_token", error_description="` + attribute(row.Title) + `"`
	case p.Code == InsufficientScope:
		return realm + `, error="insufficient_scope", error_description="` + attribute(row.Title) + `"` + p.scopeAttribute()
	}
	return ""
}

// scopeAttribute names the scopes that the request needs. It is left out where
// there is none to name, or where one holds a character that the attribute
// can't: half a scope is another scope.
func (p *Problem) scopeAttribute() string {
	scopes := strings.Join(append(append([]string(nil), p.RequiredScopes...), p.AnyOfScopes...), " ")
	if scopes == "" || attribute(scopes) != scopes {
		return ""
	}
	return `, scope="` + scopes + `"`
}

// attribute keeps what RFC 6750 section 3 allows in an attribute's value.
func attribute(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}
