package gateway

import (
	"strings"
)

// Strip takes the credential off a request before anybody else sees it,
// refusals included. A foreign credential stays, save what bears one of our
// own prefixes.
func (g *Gate) Strip(c *Call) {
	if g.forward && c.Verdict.Admitted() {
		return
	}
	g.sources.Strip(c.Request, func(values []string) bool { return c.Foreign && !g.bears(values) })
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
