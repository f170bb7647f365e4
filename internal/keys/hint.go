package keys

import "strings"

const (
	hintHead = 3
	hintTail = 4
	// hintEnough is the least that must stand behind a prefix for seven of its
	// characters to be shown.
	hintEnough = 16
)

// Hint is what may be shown of a secret: its prefix with the first three and
// the last four characters of the rest. A rest of under 16 characters shows
// the prefix alone.
func (f *Format) Hint(secret Secret) string {
	text := secret.Reveal()
	prefix := ""
	for i := range f.prefixes {
		if strings.HasPrefix(text, f.prefixes[i].Text) {
			prefix = f.prefixes[i].Text
			break
		}
	}
	return hint(text, len(prefix))
}

// HintOf is Hint, or TokenHint for a management token.
func (f *Format) HintOf(secret Secret) string {
	if strings.HasPrefix(secret.Reveal(), TokenPrefix) {
		return TokenHint(secret)
	}
	return f.Hint(secret)
}

// TokenHint is Hint for a management token.
func TokenHint(secret Secret) string { return hint(secret.Reveal(), len(TokenPrefix)) }

func hint(text string, prefix int) string {
	if len(text)-prefix < hintEnough {
		return text[:prefix] + "…"
	}
	return text[:prefix+hintHead] + "…" + text[len(text)-hintTail:]
}
