package gateway

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/mask"
)

// Strip takes the credential off a request before anybody else sees it,
// refusals included: errors may be handed on to others. A foreign credential
// stays, save what bears one of our own prefixes.
func (g *Gate) Strip(c *Call) {
	if g.forward && c.Verdict.Admitted() {
		return
	}
	var own []string
	keep := func(values []string) bool {
		if !c.Foreign && c.secret != "" {
			return false
		}
		found := g.own(values)
		own = append(own, found...)
		return c.Foreign && len(found) == 0
	}
	g.sources.Strip(c.Request, keep)
	if c.Original != nil { // Caddy goes back to it, for FastCGI and in handle_errors
		g.sources.StripQuery(c.Original, keep)
	}
	if c.secret != "" && (!c.Foreign || g.format.Bears(c.secret)) {
		stripCopies(c, c.secret)
	}
	for _, secret := range own[:min(len(own), mostOwn)] {
		if len(secret) >= shortest {
			stripCopies(c, secret)
		}
	}
}

const (
	// shortest is how long a secret is at least, in bytes: what is shorter may
	// well stand elsewhere without being a copy.
	shortest = 8
	// mostOwn bounds how many secrets that nobody judges are looked for
	// elsewhere: each look goes through the whole header.
	mostOwn = 4
)

// stripCopies takes off headers and parameters in which the client sent its
// secret once more: as a referrer, in a cookie, for debugging.
func stripCopies(c *Call, secret string) {
	r := c.Request
	for name, values := range r.Header {
		if slices.ContainsFunc(values, func(value string) bool { return mask.Spells(value, secret) }) {
			delete(r.Header, name)
		}
	}
	if stripQueryOf(r.URL, secret) {
		r.RequestURI = r.URL.RequestURI()
	}
	if c.Original != nil {
		stripQueryOf(c.Original, secret)
	}
}

func stripQueryOf(u *url.URL, secret string) bool {
	if !mask.Spells(u.RawQuery, secret) {
		return false
	}
	u.RawQuery = credential.Without(u.RawQuery, func(part string) bool { return mask.Spells(part, secret) })
	return true
}

// inTarget reports whether the client put its secret into the path or the host
// as well, which can't be taken off them.
func inTarget(c *Call) bool {
	return mask.Spells(c.escaped, c.secret) || mask.Spells(c.Request.Host, c.secret)
}

// own returns what bears one of our prefixes anywhere in the values, decoded:
// it was presented, though nobody judged it.
func (g *Gate) own(values []string) (found []string) {
	for _, value := range values {
		for word := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune(" \t,;=\"'", c) }) {
			if word = mask.Decode(word); g.format.Bears(word) {
				found = append(found, word)
			}
		}
	}
	return found
}
