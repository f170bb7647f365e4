package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

var (
	headEnd = []byte("\r\n\r\n")
	lineEnd = []byte("\r\n")

	errUnknownLength = errors.New("an answer doesn't say how long it is")
)

// maxBody bounds what an answer may say of its length.
const maxBody = 1 << 20

// answer is what a load has to know of a response.
type answer struct{ status int }

// parse reads the response that b begins with, and says how many bytes it has:
// 0 where it isn't complete yet. It understands a Content-Length, and nothing
// else: no chunks, and no end by closing the connection.
func parse(b []byte) (a answer, size int, err error) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		return answer{}, 0, nil
	}
	line, headers, _ := bytes.Cut(b[:end], lineEnd)
	if a.status, err = status(line); err != nil {
		return answer{}, 0, err
	}
	length, err := bodyLength(headers)
	if err != nil {
		return answer{}, 0, fmt.Errorf("%w: %q", err, b[:end])
	}
	size = end + len(headEnd) + length
	if size > len(b) {
		return answer{}, 0, nil
	}
	return a, size, nil
}

func status(line []byte) (int, error) {
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("this is no answer: %q", line)
	}
	code, err := strconv.Atoi(string(line[9:12]))
	if err != nil || code < 100 || len(line) > 12 && line[12] != ' ' {
		return 0, fmt.Errorf("this is no status: %q", line)
	}
	return code, nil
}

// bodyLength finds the Content-Length among headers.
func bodyLength(headers []byte) (int, error) {
	length := -1
	for len(headers) > 0 {
		var line []byte
		line, headers, _ = bytes.Cut(headers, lineEnd)
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 32)
			if err != nil || n > maxBody || length >= 0 && length != int(n) {
				return 0, errUnknownLength
			}
			length = int(n)
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return 0, errUnknownLength
		}
	}
	if length < 0 {
		return 0, errUnknownLength
	}
	return length, nil
}
