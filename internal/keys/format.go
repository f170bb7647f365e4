package keys

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxSecret and minUnchecked bound, in bytes, what can be a secret at all.
	maxSecret    = 256
	minUnchecked = 8
	// maxPrefix leaves room for the body of a minted secret.
	maxPrefix = 64

	// TokenPrefix opens every management token, whatever keys are called.
	TokenPrefix = "kst_"
)

// ErrMalformed says that a text is not a secret of any known prefix: nothing
// needs to be looked up to refuse it.
var ErrMalformed = errors.New("not a well-formed key")

// Prefix is one opening literal and what it stands for.
type Prefix struct {
	Text        string      `json:"prefix"`
	Environment Environment `json:"environment"`
	// Unchecked drops the checksum and length rule, for imported secrets: 8 to
	// 256 bytes in all.
	Unchecked bool `json:"unchecked,omitempty"`
}

// Format knows the secrets of one configuration: how new ones are minted, and
// which texts can be one.
type Format struct {
	minted   map[Environment]string
	prefixes []Prefix // longest first
}

// NewFormat takes the prefix that each environment's new secrets get, and the
// prefixes that are accepted beside them.
func NewFormat(minted map[Environment]string, accepted []Prefix) (*Format, error) {
	f := &Format{minted: minted}
	for env, text := range minted {
		f.prefixes = append(f.prefixes, Prefix{Text: text, Environment: env})
	}
	f.prefixes = append(f.prefixes, accepted...)
	for _, p := range f.prefixes {
		if err := p.validate(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.prefixes, func(a, b Prefix) int {
		return cmp.Or(cmp.Compare(len(b.Text), len(a.Text)), cmp.Compare(a.Text, b.Text))
	})
	for i := 1; i < len(f.prefixes); i++ {
		if f.prefixes[i].Text == f.prefixes[i-1].Text {
			return nil, fmt.Errorf("prefix %q is given twice", f.prefixes[i].Text)
		}
	}
	return f, nil
}

// And returns a format that accepts other prefixes as well, whose secrets have
// a checksum. Those that it has already change nothing.
func (f *Format) And(prefixes []string) (*Format, error) {
	accepted := make([]Prefix, 0, len(prefixes))
	known := func(text string) bool {
		same := func(p Prefix) bool { return p.Text == text }
		return slices.ContainsFunc(f.prefixes, same) || slices.ContainsFunc(accepted, same)
	}
	for _, text := range prefixes {
		if text != TokenPrefix && !known(text) {
			accepted = append(accepted, Prefix{Text: text, Environment: Live})
		}
	}
	for _, p := range f.prefixes {
		if f.minted[p.Environment] != p.Text {
			accepted = append(accepted, p)
		}
	}
	return NewFormat(f.minted, accepted)
}

func (p Prefix) validate() error {
	switch {
	case p.Text == "" && !p.Unchecked:
		return errors.New("an empty prefix needs unchecked")
	case len(p.Text) > maxPrefix:
		return fmt.Errorf("prefix %q is longer than %d bytes", p.Text, maxPrefix)
	case strings.HasPrefix(p.Text, TokenPrefix):
		return fmt.Errorf("prefix %q is taken by management tokens", TokenPrefix)
	}
	for i := range len(p.Text) {
		if !isTokenByte(p.Text[i]) {
			return fmt.Errorf("prefix %q holds a character that a Bearer token can't (RFC 6750 section 2.1)", p.Text)
		}
	}
	return nil
}

// isTokenByte is RFC 6750's b64token without padding.
func isTokenByte(c byte) bool {
	return isBase62[c] || c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/'
}

// Check says which environment a presented text's prefix stands for, or
// ErrMalformed. The longest prefix that fits decides. It does not allocate.
func (f *Format) Check(text string) (Environment, error) {
	if len(text) > maxSecret || strings.HasPrefix(text, TokenPrefix) {
		return "", ErrMalformed
	}
	for i := range f.prefixes {
		p := &f.prefixes[i]
		if !strings.HasPrefix(text, p.Text) {
			continue
		}
		if p.Unchecked && uncheckedFits(text) || !p.Unchecked && checkedFits(text, len(p.Text)) {
			return p.Environment, nil
		}
		return "", ErrMalformed
	}
	return "", ErrMalformed
}

// Fits reports whether a text can be a key's secret.
func (f *Format) Fits(text string) bool {
	_, err := f.Check(text)
	return err == nil
}

// CheckToken reports whether a text can be a management token.
func CheckToken(text string) bool {
	return strings.HasPrefix(text, TokenPrefix) && checkedFits(text, len(TokenPrefix))
}

// Whole reports whether a text is a whole secret that was minted here, whatever
// its prefix: its checksum says so.
func Whole(text string) bool {
	return len(text) > bodyChars && len(text) <= maxSecret && checkedFits(text, len(text)-bodyChars)
}

func checkedFits(text string, prefix int) bool {
	if len(text) != prefix+bodyChars {
		return false
	}
	for i := prefix; i < len(text); i++ {
		if !isBase62[text[i]] {
			return false
		}
	}
	return bearsChecksum(text)
}

func uncheckedFits(text string) bool {
	if len(text) < minUnchecked {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Bears reports whether text opens with one of our own prefixes, so that it
// must not reach anybody, valid or not. An empty prefix doesn't count: it
// opens everything.
func (f *Format) Bears(text string) bool {
	if strings.HasPrefix(text, TokenPrefix) {
		return true
	}
	for i := range f.prefixes {
		if p := f.prefixes[i].Text; p != "" && strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

// HasSecret reports whether a whole secret stands anywhere in a text: a
// management token, or what opens with one of our own prefixes. Behind an empty
// prefix, any word could be one, and none counts.
func (f *Format) HasSecret(text string) bool {
	if stands(text, Prefix{Text: TokenPrefix}) {
		return true
	}
	for _, p := range f.prefixes {
		if p.Text != "" && stands(text, p) {
			return true
		}
	}
	return false
}

// maxHarmless is shorter than any secret that is made here.
const maxHarmless = 24 // bytes

// Harmless reports whether a text is too short to be a secret of ours in the
// wrong place, so that an answer may repeat it.
func Harmless(text string) bool { return len(text) <= maxHarmless }

// stands reports whether a secret of a prefix stands in a text.
func stands(text string, p Prefix) bool {
	for {
		at := strings.Index(text, p.Text)
		if at < 0 {
			return false
		}
		text = text[at:]
		end := len(p.Text)
		for end < len(text) && isTokenByte(text[end]) {
			end++
		}
		whole := len(p.Text) + bodyChars
		if p.Unchecked && end >= len(p.Text)+minUnchecked || !p.Unchecked && end >= whole && checkedFits(text[:whole], len(p.Text)) {
			return true
		}
		text = text[len(p.Text):]
	}
}
