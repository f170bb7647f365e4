package gateway

import (
	"net/http"
	"strings"
)

// Strip takes the credential off a request before anybody else sees it,
// refusals included. A foreign credential stays, save what bears one of our
// own prefixes.
func (g *Gate) Strip(c *Call, h http.Header) {
	values := h["Authorization"]
	if len(values) == 0 || g.forward && c.Verdict.Admitted() {
		return
	}
	if !c.Foreign || g.bears(values) {
		delete(h, "Authorization")
	}
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
