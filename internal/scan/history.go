package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// StandardInput is how a stream that has no name is called.
const StandardInput = "standard input"

// History reads what git log -p, git show or git diff prints, or any other
// text: what isn't part of a patch is read all the same. A secret stands where
// a commit added it; one that is only seen as it goes, or passes by, stands
// there.
func (s *Scanner) History(in io.Reader) error {
	s.files++
	h := history{scanner: s}
	p := newPieces(in)
	for {
		got, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", StandardInput, err)
		}
		if got.opens {
			h.begin(got.text)
		}
		s.spots(got.text, got.from, got.to, h.passing, func(int) Place { return h.at })
	}
}

// history follows where in a log a reader is.
type history struct {
	scanner *Scanner
	line    int // of the stream
	commit  string
	was, is string // the file before and behind the patch
	hunk    hunk

	at      Place // of this line
	passing bool
}

// begin settles what a line is.
func (h *history) begin(line []byte) {
	h.line++
	if h.hunk.open() {
		if h.inHunk(line) {
			return
		}
		h.hunk = hunk{}
	}
	h.passing = false
	h.header(line)
	h.at = Place{Commit: h.commit}
	if h.commit == "" {
		h.at = Place{File: StandardInput, Line: h.line}
	}
}

// header takes note of a line between hunks.
func (h *history) header(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte("diff --")):
		h.was, h.is = "", ""
	case bytes.HasPrefix(line, []byte("--- ")):
		h.was = pathIn(line[4:])
	case bytes.HasPrefix(line, []byte("+++ ")):
		h.is = pathIn(line[4:])
	case bytes.HasPrefix(line, []byte("@@")):
		h.hunk = parseHunk(line)
	default:
		if id, ok := commitIn(line); ok {
			h.commit, h.was, h.is = id, "", ""
		}
	}
}

// inHunk settles a line of a hunk; false says that it isn't one.
func (h *history) inHunk(line []byte) bool {
	kind, number := h.hunk.take(line)
	if kind == outside {
		return false
	}
	file := h.is
	if file == "" { // deleted
		file = h.was
	}
	h.passing = kind != added
	h.at = Place{File: file, Line: number, Commit: h.commit}
	return true
}

// commitIn reads the line that opens a commit, of a log or of a mail.
func commitIn(line []byte) (id string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("commit "))
	if !ok {
		if rest, ok = bytes.CutPrefix(line, []byte("From ")); !ok {
			return "", false
		}
	}
	end := 0
	for end < len(rest) && isHex(rest[end]) {
		end++
	}
	const shortest, longest = 7, 64
	ends := end == len(rest) || rest[end] == ' ' || rest[end] == '\n' || rest[end] == '\r'
	if end < shortest || end > longest || !ends {
		return "", false
	}
	return string(rest[:end]), true
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }
