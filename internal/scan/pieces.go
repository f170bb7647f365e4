package scan

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/keystile/keystile/internal/keys"
)

const (
	// pieceSize bounds what is in memory of one line.
	pieceSize = 256 << 10 // bytes
	// overlap is what two pieces of one line have in common: the longest secret,
	// and the byte before it.
	overlap = keys.MaxSecret + 1 // bytes
	// looked is how much of a file's beginning tells whether it is text, as git
	// has it.
	looked = 8000 // bytes
)

// piece is a line, or a part of one that is too long. Secrets that begin in
// text[from:to] are this piece's; those behind are the next one's.
type piece struct {
	text     []byte // valid until the next piece
	from, to int
	opens    bool  // it is the first of its line
	offset   int64 // of text in the file, in bytes
}

// pieces reads a text line by line, with bounded memory.
type pieces struct {
	in     *bufio.Reader
	within bool          // the piece before didn't end its line
	tail   [overlap]byte // of that piece
	joined []byte        // the tail, and what follows
	read   int64         // bytes
	ended  bool
}

func newPieces(in io.Reader) *pieces {
	p := &pieces{in: bufio.NewReaderSize(in, pieceSize)}
	if start, _ := p.in.Peek(2); bytes.Equal(start, []byte{0xff, 0xfe}) || bytes.Equal(start, []byte{0xfe, 0xff}) {
		p.in = bufio.NewReaderSize(narrow{p.in}, pieceSize) // what Windows makes of a text
	}
	return p
}

// binary reports whether the beginning isn't text.
func (p *pieces) binary() bool {
	start, _ := p.in.Peek(looked) // what can't be read, next says
	return bytes.IndexByte(start, 0) >= 0
}

// next returns the next piece; io.EOF where there is none.
func (p *pieces) next() (piece, error) {
	if p.ended {
		return piece{}, io.EOF
	}
	line, err := p.in.ReadSlice('\n')
	more := errors.Is(err, bufio.ErrBufferFull)
	if err != nil && !more {
		p.ended = true
		if !errors.Is(err, io.EOF) {
			return piece{}, err
		}
		if len(line) == 0 && !p.within {
			return piece{}, io.EOF
		}
	}
	got := piece{text: line, to: len(line), opens: !p.within, offset: p.read}
	p.read += int64(len(line))
	if p.within {
		p.joined = append(append(p.joined[:0], p.tail[:]...), line...)
		got.text, got.from, got.to = p.joined, 1, len(p.joined)
		got.offset -= overlap
	}
	if p.within = more; more {
		got.to = len(got.text) - keys.MaxSecret
		copy(p.tail[:], got.text[len(got.text)-overlap:])
	}
	return got, nil
}

// narrow reads UTF-16 as far as it is ASCII.
type narrow struct{ in io.Reader }

// Read implements io.Reader.
func (n narrow) Read(b []byte) (int, error) {
	for {
		got, err := n.in.Read(b)
		kept := b[:0]
		for _, c := range b[:got] {
			if c != 0 {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil || len(b) == 0 {
			return len(kept), err
		}
	}
}
