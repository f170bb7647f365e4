package policy

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// alike is a name as an upstream may take it that reads names loosely: without
// ;parameters, without dots and spaces at its end, and in no particular case.
func alike(name string) string { return string(appendAlike(nil, name)) }

// PlainName reports whether nobody takes a name for another one, letters of
// other case aside: it has no ;parameters, no dot or space at its end, and
// nothing that a segment of a path holds only under `paths loose`.
func PlainName(name string) bool {
	return !strings.ContainsAny(name, `;/\?#%`) && strings.TrimRight(name, ". ") == name
}

func appendAlike(to []byte, name string) []byte {
	name, _, _ = strings.Cut(name, ";")
	for name != "" && (name[len(name)-1] == '.' || name[len(name)-1] == ' ') {
		name = name[:len(name)-1]
	}
	for _, c := range name {
		if 'a' <= c && c <= 'z' {
			to = append(to, byte(c))
			continue
		}
		to = utf8.AppendRune(to, foldRune(c))
	}
	return to
}

// foldRune maps the letters that differ only in case to one of them, as
// strings.EqualFold has it: the Kelvin sign is a k.
func foldRune(c rune) rune {
	least := c
	if c > unicode.MaxASCII {
		for next := unicode.SimpleFold(c); next != c; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// alike is the pattern as it is read loosely: a slash at its end means nothing.
func (p pattern) alike() pattern {
	read := pattern{rest: p.rest}
	for at, one := range p.parts {
		if one == (part{}) && at == len(p.parts)-1 {
			break
		}
		read.parts = append(read.parts, part{literal: alike(one.literal), name: one.name})
	}
	return read
}

// overlaps reports whether some path could meet both patterns, which are read
// loosely. It errs to the side of yes.
func (p pattern) overlaps(q pattern) bool {
	both := min(len(p.parts), len(q.parts))
	for at := range both {
		a, b := p.parts[at], q.parts[at]
		if a.name == "" && b.name == "" && a.literal != b.literal {
			return false
		}
	}
	return (len(p.parts) == both || q.rest) && (len(q.parts) == both || p.rest)
}

// markShady finds the routes beside which a request may meet another one that
// reads like it: only their requests need to be looked up twice.
func markShady(routes []*Route) {
	for _, r := range routes {
		for _, other := range routes {
			if r.shape != other.shape && r.reading.overlaps(other.reading) && !r.reading.beats(other.reading) {
				r.shady = true
			}
		}
	}
}

// plainest is a path as it reads to who decodes it to the end, takes
// backslashes for slashes and several slashes for one, and drops a query.
func plainest(escaped string) string {
	text := escaped
	for range 3 {
		decoded, err := url.PathUnescape(text)
		if err != nil || decoded == text {
			break
		}
		text = decoded
	}
	text = strings.ReplaceAll(text, `\`, "/")
	if query := strings.IndexAny(text, "?#"); query >= 0 {
		text = text[:query]
	}
	for strings.Contains(text, "//") {
		text = strings.ReplaceAll(text, "//", "/")
	}
	return (&url.URL{Path: text}).EscapedPath()
}
