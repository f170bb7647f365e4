// Package mask takes secrets out of text: whatever opens with one of the known
// prefixes is cut off behind it, however often it is percent-encoded, and in
// letters of either size: in the name of a header or of a host, HTTP has them as
// it likes, and whoever knows all letters of a key can try their sizes.
package mask

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// replacement stands for what was cut off.
const replacement = "***"

// Set is the prefixes of secrets. It only grows: a log may still write what
// was accepted before a reload. All methods may be called concurrently.
type Set struct {
	mu    sync.Mutex
	known atomic.Pointer[table]
}

// table is one state of a set, never changed.
type table struct {
	prefixes []string        // in small letters
	wide     map[string]bool // whose secrets may hold anything visible
	opens    [256]bool       // bytes that a prefix can begin with, in any spelling
}

// Add makes prefixes known. Empty ones are passed over: they open everything.
func (s *Set) Add(prefixes ...string) { s.add(false, prefixes) }

// AddWide makes prefixes known whose secrets may hold whatever is visible.
func (s *Set) AddWide(prefixes ...string) { s.add(true, prefixes) }

func (s *Set) add(wide bool, prefixes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &table{wide: map[string]bool{}}
	if old := s.known.Load(); old != nil {
		next.prefixes, next.wide = slices.Clone(old.prefixes), maps.Clone(old.wide)
	}
	for _, p := range prefixes {
		p = strings.ToLower(p)
		if p != "" && !slices.Contains(next.prefixes, p) {
			next.prefixes = append(next.prefixes, p)
		}
		next.wide[p] = next.wide[p] || wide
	}
	for _, p := range next.prefixes {
		next.opens[p[0]], next.opens[upper(p[0])] = true, true
	}
	next.opens['%'] = true
	s.known.Store(next)
}

// Bytes returns text without secrets; text itself, untouched, where it holds
// none.
func (s *Set) Bytes(text []byte) []byte {
	t := s.known.Load()
	if t == nil {
		return text
	}
	var out []byte
	done := 0
	for i := 0; i < len(text); {
		secret, end := t.at(text, i)
		if secret == i {
			i++
			continue
		}
		out = append(append(out, text[done:secret]...), replacement...)
		done, i = end, end
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}

// Text is Bytes of a string.
func (s *Set) Text(text string) string { return string(s.Bytes([]byte(text))) }

// Opening returns the prefix that text opens with, as it is spelled there, where a
// secret stands behind it; empty otherwise.
func (s *Set) Opening(text string) string {
	t := s.known.Load()
	if t == nil || text == "" {
		return ""
	}
	begin, _ := t.at([]byte(text), 0)
	return text[:begin]
}

// at returns where the secret behind a prefix at i begins and ends; i, where
// there is none. Of several prefixes there, the one counts whose secret goes on
// furthest, and of those the longest.
func (t *table) at(text []byte, i int) (begin, end int) {
	begin, end = i, i
	if !t.opens[text[i]] {
		return begin, end
	}
	for _, p := range t.prefixes {
		behind := follow(text, i, p)
		if behind == i {
			continue
		}
		over := behind + extent(text[behind:], t.wide[p])
		if over > behind && (over > end || over == end && behind > begin) {
			begin, end = behind, over
		}
	}
	return begin, end
}

// extent is how many bytes at the beginning of a text belong to a secret.
func extent(text []byte, wide bool) (n int) {
	for n < len(text) {
		c, width := decode(text[n:])
		if !belongs(c) && !(wide && belongsWide(c)) {
			break
		}
		if text[n] == '\\' && n+1 < len(text) && text[n+1] > ' ' {
			width++ // with what it escapes, such as a quote in JSON
		}
		n += width
	}
	return n
}

// Spells reports whether text holds a secret, in any spelling. It takes time in
// proportion to the text, whatever both are: a client chooses them. It allocates
// only for what is longer than headers usually are.
func Spells(text, secret string) bool {
	if strings.Contains(text, secret) {
		return true
	}
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(secret, '%') < 0 || isShorter(text, secret) {
		return false
	}
	var read [512]byte
	var sought [256]byte
	return bytes.Contains(appendDecoded(read[:0], text), appendDecoded(sought[:0], secret))
}

// isShorter reports whether a text is too short to hold a secret: one that looks
// percent-encoded itself may be decoded there.
func isShorter(text, secret string) bool {
	return len(text) < len(secret) && strings.IndexByte(secret, '%') < 0
}

// SpellsFolded is Spells for what HTTP has in letters of either size, such as the
// name of a header or of a host. Letters are folded once they are decoded.
func SpellsFolded(text, secret string) bool {
	if isShorter(text, secret) {
		return false
	}
	var read [512]byte
	var sought [256]byte
	return bytes.Contains(fold(appendDecoded(read[:0], text)), fold(appendDecoded(sought[:0], secret)))
}

func fold(text []byte) []byte {
	for i, c := range text {
		text[i] = lower(c)
	}
	return text
}

// Decode returns text as whoever decodes it often enough will read it.
func Decode(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	return string(appendDecoded(make([]byte, 0, len(text)), text))
}

func appendDecoded(plain []byte, text string) []byte {
	for {
		next := strings.IndexByte(text, '%')
		if next < 0 {
			return append(plain, text...)
		}
		c, width := decode(text[next:])
		plain, text = append(append(plain, text[:next]...), c), text[next+width:]
	}
}

// follow returns where text goes on behind prefix, which is in small letters; i,
// where it doesn't hold it there.
func follow(text []byte, i int, prefix string) int {
	at := i
	for j := range len(prefix) {
		if at >= len(text) {
			return i
		}
		c, width := decode(text[at:])
		if lower(c) != prefix[j] {
			return i
		}
		at += width
	}
	return at
}

// maxLayers bounds how often a text may be encoded over and over.
const maxLayers = 4

// decode reads one byte as whoever decodes it often enough will: %5F and
// %255F are both an underscore, and so is %25%35F. width is how many bytes
// spell it.
func decode[T string | []byte](text T) (c byte, width int) { return decodeLayers(text, maxLayers) }

func decodeLayers[T string | []byte](text T, layers int) (c byte, width int) {
	c, width = text[0], 1
	for c == '%' && layers > 0 {
		high, n := digit(text[width:], layers-1)
		if high < 0 {
			break
		}
		low, m := digit(text[width+n:], layers-1)
		if low < 0 {
			break
		}
		c, width = byte(high<<4|low), width+n+m
	}
	return c, width
}

// digit reads a hexadecimal digit, which may be encoded itself; -1, where
// there is none.
func digit[T string | []byte](text T, layers int) (value, width int) {
	if len(text) == 0 {
		return -1, 0
	}
	c, width := decodeLayers(text, layers)
	return hex(c), width
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// belongs reports whether a byte can be part of a token (RFC 6750 section
// 2.1), the slash aside: in a path, what follows it is another segment.
func belongs(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || bytes.IndexByte([]byte("-._~+="), c) >= 0
}

// belongsWide reports whether a byte can be part of a secret that was made
// elsewhere: whatever is visible, save what ends a value in the places where
// secrets are written.
func belongsWide(c byte) bool {
	return c > ' ' && c <= '~' && bytes.IndexByte([]byte("\"&;,<>"), c) < 0
}
