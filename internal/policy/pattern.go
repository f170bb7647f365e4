package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxWildcards bounds the wildcards of one pattern.
const MaxWildcards = 8

// part is one segment of a pattern.
type part struct {
	literal string // decoded
	name    string // of a wildcard; empty: a literal
}

// pattern is a parsed path pattern.
type pattern struct {
	parts []part
	rest  bool // ends in /*
}

var wildcardName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parsePattern reads /literal/{wildcard}/*: {name} takes one segment, a
// trailing /* whatever follows.
func parsePattern(text string) (pattern, error) {
	var p pattern
	if text == "" || text[0] != '/' {
		return p, fmt.Errorf("pattern %q does not begin with /", text)
	}
	segments := strings.Split(text[1:], "/")
	if last := len(segments) - 1; segments[last] == "*" {
		p.rest, segments = true, segments[:last]
	}
	for i, segment := range segments {
		if segment == "" && (i < len(segments)-1 || p.rest) {
			return p, fmt.Errorf("pattern %q has an empty segment", text)
		}
		one, err := parsePart(segment)
		if err != nil {
			return p, fmt.Errorf("pattern %q: %w", text, err)
		}
		p.parts = append(p.parts, one)
	}
	names := p.names()
	if len(names) > MaxWildcards {
		return p, fmt.Errorf("pattern %q has more than %d wildcards", text, MaxWildcards)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) < len(p.names()) {
		return p, fmt.Errorf("pattern %q names a wildcard twice", text)
	}
	return p, nil
}

func parsePart(segment string) (part, error) {
	if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
		name := segment[1 : len(segment)-1]
		if !wildcardName.MatchString(name) {
			return part{}, fmt.Errorf("%q is no wildcard: {name} takes letters, digits and _", segment)
		}
		return part{name: name}, nil
	}
	if strings.ContainsAny(segment, "{}*?#\\") {
		return part{}, fmt.Errorf("segment %q holds one of {}*?#\\: a wildcard takes a whole segment, and * stands only at the end, as /*", segment)
	}
	literal, err := url.PathUnescape(segment)
	if err != nil {
		return part{}, fmt.Errorf("segment %q is not percent-encoded: %w", segment, err)
	}
	if segment != "" && alike(literal) == "" || strings.ContainsFunc(literal, neverServed) {
		return part{}, fmt.Errorf("segment %q can't be met by a request: such paths are refused", segment)
	}
	return part{literal: literal}, nil
}

// neverServed reports whether no path that a gate serves holds a character: a
// slash within a segment, a control character, or what isn't UTF-8.
func neverServed(c rune) bool { return c == '/' || c < ' ' || c == 0x7f || c == utf8.RuneError }

func (p pattern) names() []string {
	var names []string
	for _, one := range p.parts {
		if one.name != "" {
			names = append(names, one.name)
		}
	}
	return names
}

// shape is the pattern without the names of its wildcards: patterns of one
// shape match the same paths.
func (p pattern) shape() string {
	var b strings.Builder
	for _, one := range p.parts {
		b.WriteByte('/')
		if one.name != "" {
			b.WriteString("{}")
			continue
		}
		b.WriteString(url.PathEscape(one.literal))
	}
	if p.rest {
		b.WriteString("/*")
	}
	return b.String()
}

// Ranks of what a pattern has at a place, by which the most specific of
// patterns that meet one path is told.
const (
	rankRest = iota
	rankEnd
	rankWild
	rankLiteral
)

func (p pattern) rank(at int) int {
	switch {
	case at < len(p.parts) && p.parts[at].name != "":
		return rankWild
	case at < len(p.parts):
		return rankLiteral
	case p.rest:
		return rankRest
	}
	return rankEnd
}

// beats reports whether p is more specific than q: literals before wildcards
// before /*, decided at the first place where they differ.
func (p pattern) beats(q pattern) bool {
	for at := 0; ; at++ {
		mine, other := p.rank(at), q.rank(at)
		if mine != other {
			return mine > other
		}
		if mine <= rankEnd {
			return false
		}
	}
}
