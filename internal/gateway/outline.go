package gateway

import (
	"strings"

	"github.com/keystile/keystile/internal/mask"
)

// hidden stands for what isn't to be kept of a path.
const hidden = "{}"

// harmless is the path of a call for notes that outlive it: without segments
// that hold what opens as one of our own secrets does, and nothing of a path
// that spells the presented one.
func (g *Gate) harmless(c *Call) string {
	if c.secret != "" && mask.Spells(c.escaped, c.secret) {
		return "/" + hidden
	}
	if !g.reveals(c.escaped) {
		return c.escaped
	}
	segments := strings.Split(c.escaped, "/")
	for i, segment := range segments {
		if g.reveals(segment) {
			segments[i] = hidden
		}
	}
	return strings.Join(segments, "/")
}

// reveals reports whether one of our own prefixes stands at the beginning of a
// word. What is percent-encoded isn't noted anyway.
func (g *Gate) reveals(text string) bool {
	for at := range len(text) {
		if (at == 0 || !isAlphanumeric(text[at-1])) && g.format.Bears(text[at:]) {
			return true
		}
	}
	return false
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
