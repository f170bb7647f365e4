package scan

import (
	"bytes"
	"strconv"
	"strings"
)

// kind is what a line of a hunk does.
type kind int

const (
	outside kind = iota // it is no line of the hunk
	added
	removed
	kept
)

// hunk is a part of a patch: one with several parents, of a merge, has a column
// for each.
type hunk struct {
	parents         int // 0: there is no hunk
	old, is         int // the numbers of the next lines before and behind the patch
	oldLeft, isLeft int // lines still to come
}

// parseHunk reads @@ -1,2 +3,4 @@ and its like of merges; no hunk, where the
// line isn't one.
func parseHunk(line []byte) (h hunk) {
	marks := 0
	for marks < len(line) && line[marks] == '@' {
		marks++
	}
	fields := strings.Fields(string(line[:min(len(line), 200)]))
	if marks < 2 || len(fields) < marks+2 || fields[marks+1] != fields[0] {
		return h
	}
	var ok [2]bool
	h.old, h.oldLeft, ok[0] = span(fields[1], "-")
	h.is, h.isLeft, ok[1] = span(fields[marks], "+")
	if !ok[0] || !ok[1] {
		return hunk{}
	}
	h.parents = marks - 1
	return h
}

// span reads -1,2: the first line, and how many there are.
func span(text, sign string) (first, count int, ok bool) {
	text, signed := strings.CutPrefix(text, sign)
	start, length, long := strings.Cut(text, ",")
	first, err := strconv.Atoi(start)
	if err != nil || !signed {
		return 0, 0, false
	}
	if !long {
		return first, 1, true
	}
	count, err = strconv.Atoi(length)
	return first, count, err == nil
}

// open reports whether lines of the hunk may follow.
func (h *hunk) open() bool { return h.parents > 0 }

// take settles the next line and its number in its file.
func (h *hunk) take(line []byte) (what kind, number int) {
	if bytes.HasPrefix(line, []byte(`\`)) { // "\ No newline at end of file"
		return kept, h.is
	}
	if h.parents == 1 && h.oldLeft <= 0 && h.isLeft <= 0 {
		return outside, 0
	}
	switch what = h.kindOf(line); what {
	case added:
		number = h.is
		h.is, h.isLeft = h.is+1, h.isLeft-1
	case removed:
		number = h.old
		h.old, h.oldLeft = h.old+1, h.oldLeft-1
	case kept:
		number = h.is
		h.is, h.isLeft, h.old, h.oldLeft = h.is+1, h.isLeft-1, h.old+1, h.oldLeft-1
	case outside:
	}
	return what, number
}

// kindOf reads the columns before a line.
func (h *hunk) kindOf(line []byte) kind {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) == 0 && h.parents == 1 {
		return kept // git can be told to leave the column of empty lines out
	}
	if len(line) < h.parents {
		return outside
	}
	columns := line[:h.parents]
	switch {
	case len(bytes.Trim(columns, " +-")) > 0:
		return outside
	case bytes.IndexByte(columns, '-') >= 0:
		return removed
	case bytes.IndexByte(columns, '+') >= 0:
		return added
	}
	return kept
}

// pathIn reads the path of a --- or +++ line; empty for /dev/null.
func pathIn(text []byte) string {
	path := strings.TrimRight(string(text), "\r\n")
	path, _, _ = strings.Cut(path, "\t") // git ends a path with spaces by a tab
	if strings.HasPrefix(path, `"`) {
		if plain, err := strconv.Unquote(path); err == nil { // git quotes as C does
			path = plain
		}
	}
	if path == "/dev/null" {
		return ""
	}
	if len(path) > 2 && path[1] == '/' && strings.IndexByte("abciow", path[0]) >= 0 {
		return path[2:]
	}
	return path
}
