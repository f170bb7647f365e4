package e2e

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/keystile/keystile/internal/keys"
)

// canaryKind is one kind of secret: how it is drawn, and what becomes of it in
// the store, if anything.
type canaryKind struct {
	draw   func() string
	status keys.Status // empty: nobody has it
	// foreign secrets bear no prefix of ours: nobody can know them by their
	// looks.
	foreign bool
}

var canaryKinds = map[string]canaryKind{
	"valid":                        {draw: liveSecret, status: keys.Active},
	"revoked":                      {draw: liveSecret, status: keys.Revoked},
	"unknown":                      {draw: liveSecret},
	"malformed":                    {draw: func() string { s := liveSecret(); return s[:len(s)-1] + string(other(s[len(s)-1])) }},
	"cut off":                      {draw: func() string { return liveSecret()[:30] }},
	"of an old prefix":             {draw: func() string { return "old-sys_" + liveSecret()[8:] }, status: keys.Active},
	"of an old prefix, with odds":  {draw: func() string { return "old-sys_a/b+c=:%41%2f" + liveSecret()[8:] }, status: keys.Active},
	"of an old prefix, in letters": {draw: func() string { return "older-" + letters(20) }, status: keys.Active},
	"unknown of an old prefix":     {draw: func() string { return "old-sys_" + liveSecret()[8:] }},
	"management token":             {draw: func() string { return keys.TokenPrefix + liveSecret()[8:] }},
	"JSON Web Token":               {draw: func() string { return "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + liveSecret()[8:] }, foreign: true},
}

func liveSecret() string { return drawSecret(keys.Live) }

// letters draws so many of them, as words in a path have.
func letters(n int) string {
	drawn := ""
	for len(drawn) < n {
		drawn += strings.Map(func(c rune) rune {
			if unicode.IsLetter(c) {
				return c
			}
			return -1
		}, liveSecret()[8:])
	}
	return drawn[:n]
}

// canaryDoor is one way of treating credentials.
type canaryDoor struct {
	path  string // of the route
	kinds []string
}

const (
	enforcing = "enforced"
	observed  = "observed"
	handedOn  = "with refusals handed on"
)

var canaryDoors = map[string]canaryDoor{
	enforcing:           {path: "/v1/items", kinds: slices.Sorted(maps.Keys(canaryKinds))},
	"on a public route": {path: "/v1/public", kinds: []string{"valid", "malformed", "management token", "JSON Web Token"}},
	"under jwt pass":    {path: "/v1/either", kinds: []string{"revoked", "JSON Web Token"}},
	observed:            {path: "/v1/items", kinds: []string{"valid", "revoked", "malformed", "JSON Web Token"}},
	handedOn:            {path: "/v1/items", kinds: []string{"revoked", "management token"}},
}

// canaryAdmitted is how many requests must reach the upstream at least: of
// those that don't, it couldn't be seen what would.
var canaryAdmitted = map[string]int{
	enforcing + " valid":                        25,
	enforcing + " of an old prefix":             25,
	enforcing + " of an old prefix, in letters": 25,
	"on a public route malformed":               25,
	"under jwt pass JSON Web Token":             10,
	observed + " revoked":                       25,
	handedOn + " revoked":                       25,
}

// inTarget are the copies that can't be taken off a request: only a refusal
// keeps them from the upstream.
var inTarget = []string{
	"path", "path, percent-encoded", "path, percent-encoded twice", "path of a route that is loose", "path, between two slashes",
	"fragment", "Host", "Host, with a port", "Host, percent-encoded", "Host, in small letters", "host of an absolute form",
}

// mayReachUpstream says where the contract lets a secret through, none of it
// where the gate is enforced: what is foreign is others' business; where no
// credential is asked for, nothing says that a text elsewhere is one; and what
// stands in the target of a request that isn't to be refused stays there.
func (c canary) mayReachUpstream() bool {
	switch c.door {
	case enforcing:
		return false
	case "under jwt pass":
		return canaryKinds[c.kind].foreign
	case handedOn:
		if c.place == "method" { // Caddy refuses long ones before any handler
			return true
		}
	}
	return canaryKinds[c.kind].foreign || c.copied() && c.alone || slices.Contains(inTarget, c.place)
}

// mayBeLogged says where the contract lets a secret through: what bears no
// prefix of ours is hidden in the places of credentials, and where Caddy hides
// it; elsewhere, nobody can know it for a secret.
func (c canary) mayBeLogged(file string) bool {
	if file == "traces" && (c.cutInTwo() || c.place == "tracestate") { // which spans keep apart from their attributes
		return true
	}
	if !canaryKinds[c.kind].foreign || file != "log" && file != "access.log" && file != "traces" || !c.copied() {
		return false
	}
	return c.place != "Cookie" && c.place != "Proxy-Authorization"
}

// cutInTwo says that a span has the secret's prefix as a host, and the rest as a
// path: a slash ends what was to be one.
func (c canary) cutInTwo() bool {
	return c.kind == "of an old prefix, with odds" && (c.place == "host of an absolute form" || c.place == "user of an absolute form")
}
