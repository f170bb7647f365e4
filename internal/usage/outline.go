package usage

import "strings"

// What is kept of a path.
const (
	mostSegments   = 6
	longestSegment = 32 // bytes
	longestNumber  = 4  // digits
)

// Outline is a path without what may be an ID: of its first segments, the plain
// words; {} stands for any other, and /… for the rest. A word may be a secret
// all the same, which whoever knows secrets has to take out first.
func Outline(path string) string { return string(appendOutline(nil, path)) }

func appendOutline(out []byte, path string) []byte {
	n := 0
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if n++; n > mostSegments {
			return append(out, "/…"...)
		}
		if out = append(out, '/'); isWord(segment) {
			out = append(out, segment...)
		} else {
			out = append(out, "{}"...)
		}
	}
	return out
}

// isWord reports whether a segment is part of an interface: letters, and the few
// digits of a version.
func isWord(segment string) bool {
	digits := 0
	for i := range len(segment) {
		switch c := segment[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', c == '-', c == '_', c == '.':
		case '0' <= c && c <= '9':
			digits++
		default:
			return false
		}
	}
	return len(segment) <= longestSegment && digits <= longestNumber && (digits == 0 || digits < len(segment))
}
