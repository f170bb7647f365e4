package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/identity"
	"github.com/keystile/keystile/internal/mask"
)

// Strip takes off a request what nobody else may see, and what a client must
// not say to anybody else (identity.Forged), before it goes on to anybody,
// refusals included: errors may be handed on to others. A foreign credential
// stays, save what bears one of our own prefixes.
func (g *Gate) Strip(c *Call) {
	if g.forward && c.Verdict.Admitted() {
		identity.Scrub(c.Request)
		return
	}
	own := g.stripPlaces(c)
	identity.ScrubHops(c.Request)
	judged := c.secret
	if judged != "" && c.Foreign && !g.format.Bears(judged) {
		judged = ""
	}
	stripHeader(c.Request.Header, judged)
	if judged != "" {
		stripTargets(c, judged)
	}
	for _, secret := range own[:min(len(own), mostOwn)] {
		if len(secret) >= shortest {
			stripHeader(c.Request.Header, secret)
			stripTargets(c, secret)
		}
	}
}

// stripPlaces empties the places of a credential, and returns the secrets of
// ours that nobody judged.
func (g *Gate) stripPlaces(c *Call) (own []string) {
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
	return own
}

const (
	// shortest is how long a secret is at least, in bytes: what is shorter may
	// well stand elsewhere without being a copy.
	shortest = 8
	// mostOwn bounds how many secrets that nobody judges are looked for
	// elsewhere: each look goes through the whole header.
	mostOwn = 4
)

// stripHeader takes off what is forged, and what the client sent its secret
// once more in: as a referrer, in a cookie, for debugging. Both in one go: going
// through a map costs more than looking at what is in it.
func stripHeader(head http.Header, secret string) {
	for name, values := range head {
		if identity.Forged(name) || secret != "" && (spell(values, secret) || mask.SpellsFolded(name, secret)) {
			delete(head, name)
		}
	}
}

func spell(values []string, secret string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return mask.Spells(value, secret) })
}

// stripTargets takes off parameters in which the client sent its secret once
// more.
func stripTargets(c *Call, secret string) {
	r := c.Request
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
	return mask.Spells(c.escaped, c.secret) || mask.SpellsFolded(c.Request.Host, c.secret)
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
