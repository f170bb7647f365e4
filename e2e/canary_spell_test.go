package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tellTale is how many characters of a secret's end are enough to call it
// shown: many more than its hint, and too many to come about by chance.
const tellTale = 12

// layers bounds how often a text may be percent-encoded over and over.
const layers = 4

// readings are a text as whoever decodes it so often reads it.
func readings(text string) []string {
	all := []string{text}
	for range layers {
		decoded := unescape(text)
		if decoded == text {
			break
		}
		all, text = append(all, decoded), decoded
	}
	return all
}

// unescape takes one layer of percent-encoding off, and leaves what isn't one.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && hexValue(text[i+1]) >= 0 && hexValue(text[i+2]) >= 0 {
			out = append(out, byte(hexValue(text[i+1])<<4|hexValue(text[i+2])))
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return string(out)
}

func hexValue(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

// end is what tells of a secret, in small letters: HTTP has names of headers in
// letters of either size, and what the letters are is most of a secret.
func end(secret string) string { return strings.ToLower(secret[len(secret)-tellTale:]) }

// shows reports whether a text holds the end of a secret, in any spelling.
func shows(text, secret string) bool {
	return len(shown(text, map[string]bool{end(secret): true})) > 0
}

// shown finds which ends of secrets a text holds, in any spelling, in one pass
// for all of them.
func shown[V any](text string, ends map[string]V) map[string]bool {
	found := map[string]bool{}
	for _, read := range readings(text) {
		read = strings.ToLower(read)
		for i := range len(read) - tellTale + 1 {
			if _, one := ends[read[i:i+tellTale]]; one {
				found[read[i:i+tellTale]] = true
			}
		}
	}
	return found
}

// everything reads all files below a folder: logs, databases and whatever else
// a process has left there.
func everything(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
