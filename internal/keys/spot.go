package keys

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// MaxSecret is how long a secret is at most, in bytes.
const MaxSecret = maxSecret

// Spot is where a secret stands in a text: text[Start:End].
type Spot struct{ Start, End int }

// Spots finds the secrets in a text, wherever they stand in it: management
// tokens, what has one of the prefixes and a checksum that is right, and what
// stands behind a prefix without one and may be a key. Behind an empty prefix
// any word may be one, and none counts. It takes time in proportion to the
// text, whatever that is.
func (f *Format) Spots(text []byte) []Spot {
	found := spotsOf(nil, text, Prefix{Text: TokenPrefix})
	var looksLike []Spot
	for _, p := range f.prefixes {
		switch {
		case p.Text == "":
		case p.Unchecked:
			looksLike = spotsOf(looksLike, text, p)
		default:
			found = spotsOf(found, text, p)
		}
	}
	found = apart(found)
	if len(looksLike) == 0 {
		return found
	}
	return apart(append(found, outside(looksLike, found)...))
}

// apart sorts spots, and leaves out what lies within another one.
func apart(found []Spot) []Spot {
	if len(found) < 2 {
		return found
	}
	slices.SortFunc(found, func(a, b Spot) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	end := 0
	return slices.DeleteFunc(found, func(s Spot) bool {
		if s.Start < end {
			return true
		}
		end = s.End
		return false
	})
}

// outside leaves out what meets a secret whose checksum is right: that one is
// sure.
func outside(looksLike, sure []Spot) []Spot {
	return slices.DeleteFunc(looksLike, func(s Spot) bool {
		next, _ := slices.BinarySearchFunc(sure, s.Start, func(one Spot, start int) int { return cmp.Compare(one.End, start+1) })
		return next < len(sure) && sure[next].Start < s.End
	})
}

// spotsOf adds the secrets of one prefix.
func spotsOf(found []Spot, text []byte, p Prefix) []Spot {
	prefix := []byte(p.Text)
	for from := 0; ; {
		at := bytes.Index(text[from:], prefix)
		if at < 0 {
			return found
		}
		start := from + at
		from = start + 1
		if end := p.endIn(text, start); end > start {
			found = append(found, Spot{start, end})
			from = end
		}
	}
}

// endIn is where the secret ends that begins at start; start, where none does.
func (p Prefix) endIn(text []byte, start int) int {
	behind := start + len(p.Text)
	if !p.Unchecked {
		end := behind + bodyChars
		if end <= len(text) && checkedFits(string(text[start:end]), len(p.Text)) {
			return end
		}
		return start
	}
	// Nothing but its looks tells such a key from a word that ends like its
	// prefix, as task-list does with sk-.
	if start > 0 && (isBase62[text[start-1]] || text[start-1] == '-' || text[start-1] == '_') {
		return start
	}
	end := behind
	for end < len(text) && end-start <= maxSecret && isTokenByte(text[end]) {
		end++
	}
	for end > behind && text[end-1] == '.' { // of the sentence
		end--
	}
	if end-behind < minUnchecked || end-start > maxSecret {
		return start
	}
	return end
}

// Masked is a text with hints in the place of its secrets.
func (f *Format) Masked(text string) string {
	found := f.Spots([]byte(text))
	if len(found) == 0 {
		return text
	}
	var out strings.Builder
	done := 0
	for _, s := range found {
		out.WriteString(text[done:s.Start])
		out.WriteString(f.HintOf(NewSecret(text[s.Start:s.End])))
		done = s.End
	}
	out.WriteString(text[done:])
	return out.String()
}
