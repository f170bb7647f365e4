package gateway

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/mask"
)

// Strip takes the credential off a request before anybody else sees it,
// refusals included. A foreign credential stays, save what bears one of our
// own prefixes.
func (g *Gate) Strip(c *Call) {
	if g.forward && c.Verdict.Admitted() {
		return
	}
	keep := func(values []string) bool { return c.Foreign && !g.bears(values) }
	g.sources.Strip(c.Request, keep)
	if c.Original != nil { // Caddy goes back to it, for FastCGI and in handle_errors
		g.sources.StripQuery(c.Original, keep)
	}
	if c.secret != "" && (!c.Foreign || g.format.Bears(c.secret)) {
		stripCopies(c, c.secret)
	}
}

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

// inPath reports whether the client put its secret into the path as well,
// which can't be taken off it.
func inPath(c *Call) bool {
	return c.secret != "" && mask.Spells(c.Request.URL.EscapedPath(), c.secret)
}

// bears reports whether a secret of ours stands anywhere in the values.
func (g *Gate) bears(values []string) bool {
	for _, value := range values {
		for word := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune(" \t,;=\"'", c) }) {
			if g.format.Bears(word) {
				return true
			}
		}
	}
	return false
}
