package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/keys"
)

// maxHMACKey bounds the key of another system, in bytes.
const maxHMACKey = 4096

// readHMACKey reads the key that another system digested with; none without a
// file.
func readHMACKey(file string) (keys.Secret, error) {
	if file == "" {
		return keys.Secret{}, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return keys.Secret{}, fmt.Errorf("read the HMAC key: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	raw, err := io.ReadAll(io.LimitReader(f, maxHMACKey+2))
	if err != nil {
		return keys.Secret{}, fmt.Errorf("read the HMAC key: %w", err)
	}
	key := withoutLineBreak(string(raw))
	if key == "" || len(key) > maxHMACKey {
		return keys.Secret{}, fmt.Errorf("the HMAC key in %s must have 1 to %d bytes", file, maxHMACKey)
	}
	return keys.NewSecret(key), nil
}

// withoutLineBreak takes away the end of the only line of a text, which is the
// editor's. Bytes that are no text stay as they are.
func withoutLineBreak(raw string) string {
	line, broken := strings.CutSuffix(raw, "\n")
	line = strings.TrimSuffix(line, "\r")
	if !broken || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return raw
	}
	return line
}
