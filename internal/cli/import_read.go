package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/keystile/keystile/internal/manage"
)

// maxImportRow bounds what is read for one row, in bytes: no row needs as much.
const maxImportRow = 1 << 20

// The formats of import files.
const (
	formatCSV   = "csv"
	formatJSONL = "jsonl"
)

var formatNames = map[string]string{formatCSV: "CSV", formatJSONL: "JSON lines"}

// importSource is a file of keys as it is being read. Rows can be asked for
// once.
type importSource struct {
	format string
	rows   iter.Seq2[manage.ImportRow, error]
}

var (
	errImportEmpty = errors.New("there is nothing in it: a header line or JSON lines are needed")
	errImportUTF16 = errors.New("it is UTF-16: save it as UTF-8")
	errImportArray = errors.New("it is one JSON array: JSON lines are needed, an object on each line, as jq -c '.[]' prints them")
)

// readImport tells the format by the first character, and reads as much as is
// needed to know whether there are rows at all.
func readImport(r io.Reader) (*importSource, error) {
	in := bufio.NewReaderSize(r, maxImportRow)
	line, first, err := firstCharacter(in)
	if err != nil {
		return nil, err
	}
	switch first {
	case '{':
		return &importSource{formatJSONL, jsonRows(in, line)}, nil
	case '[':
		return nil, errImportArray
	}
	rows, err := csvRows(in, line)
	if err != nil {
		return nil, err
	}
	return &importSource{formatCSV, rows}, nil
}

// firstCharacter skips a byte order mark and blank lines, and returns the
// number of the line that it stands in and the first character of what is to
// be read.
func firstCharacter(in *bufio.Reader) (line int, first byte, err error) {
	mark, err := in.Peek(3)
	switch {
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return 0, 0, errImportUTF16
	case bytes.Equal(mark, []byte("\xef\xbb\xbf")):
		_, err = in.Discard(len(mark))
	case errors.Is(err, io.EOF):
		err = nil // it is that short
	}
	for line = 1; err == nil; {
		switch first, err = in.ReadByte(); first {
		case '\n':
			line++
		case ' ', '\t', '\r':
		default:
			if err == nil {
				err = in.UnreadByte()
			}
			return line, first, orEmpty(err)
		}
	}
	return 0, 0, orEmpty(err)
}

// orEmpty says in words that a file has ended before it began.
func orEmpty(err error) error {
	if errors.Is(err, io.EOF) {
		return errImportEmpty
	}
	return err
}

// tooLong is the fault of a row that isn't read to its end.
func tooLong(then string) string {
	return fmt.Sprintf("The row is longer than %d bytes: %s.", maxImportRow, then)
}
