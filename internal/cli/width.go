package cli

import (
	"os"
	"strconv"
	"strings"
	"unicode"
)

// usualWidth is that of a terminal that doesn't say.
const usualWidth = 80

// widthOf is how many columns a stream has: COLUMNS, where that is set, else
// what the terminal says. A file or a pipe has no end.
func widthOf(stream any) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	f, ok := stream.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	if n := terminalWidth(f); n > 0 {
		return n
	}
	return usualWidth
}

// wide are the characters that take two columns of a terminal.
var wide = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Yi,
	{
		R16: []unicode.Range16{{Lo: 0x3000, Hi: 0x303e, Stride: 1}, {Lo: 0xff01, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1}},
		R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, {Lo: 0x1f900, Hi: 0x1faff, Stride: 1}},
	},
}

// runeWidth is how many columns a character takes.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, wide...):
		return 2
	}
	return 1
}

func textWidth(text string) (n int) {
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// cutText cuts a text to so many columns, and says so by its end.
func cutText(text string, most int) string {
	if textWidth(text) <= most {
		return text
	}
	var kept strings.Builder
	room := most - 1 // for the end
	for _, r := range text {
		if room -= runeWidth(r); room < 0 {
			break
		}
		kept.WriteRune(r)
	}
	return strings.TrimRight(kept.String(), " ") + "…"
}
