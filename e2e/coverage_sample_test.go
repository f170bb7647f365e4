package e2e

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// sample is testdata/contract.Caddyfile, line by line.
type sample []sampleLine

// sampleLine is one line that configures something.
type sampleLine struct {
	at   string // the heads of its blocks and itself, as in "keystile / plan free / max_keys 2"
	text string // itself, with one space between words
	// instead is of an alternative that replaces another line: where that one
	// is. Alternatives stand in comments.
	alternative bool
	instead     string
	block       string // where the block is that it stands in
	opens       bool   // a block
	closes      bool
}

// rootBlock is the block of Caddy's global options.
const rootBlock = "{"

const orElseMark = "# or: "

func readSample(t testing.TB) sample {
	t.Helper()
	text, err := os.ReadFile("testdata/contract.Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	return parseSample(string(text))
}

// parseSample reads what a Caddyfile with one site per block is made of.
func parseSample(text string) (out sample) {
	var blocks []string
	for raw := range strings.Lines(text) {
		words := strings.Join(strings.Fields(raw), " ")
		alternative, isAlternative := strings.CutPrefix(words, orElseMark)
		switch {
		case isAlternative:
			out = append(out, out.alternativeTo(blocks, alternative))
		case words == "" || words[0] == '#':
		case words == "}":
			out = append(out, sampleLine{text: words, closes: true})
			blocks = blocks[:len(blocks)-1]
		default:
			line := sampleLine{text: words, opens: strings.HasSuffix(words, "{")}
			line.at, line.block = place(blocks, words)
			out = append(out, line)
			if line.opens {
				blocks = append(blocks, words)
			}
		}
	}
	return out
}

// alternativeTo makes a line out of a comment: it replaces the option of the
// same name that stands before it in its block.
func (s sample) alternativeTo(blocks []string, words string) sampleLine {
	line := sampleLine{text: words, alternative: true}
	line.at, line.block = place(blocks, words)
	for _, before := range slices.Backward(s) {
		if before.block != line.block || before.alternative {
			continue
		}
		if option(before.text) == option(words) {
			line.instead = before.at
		}
		break
	}
	return line
}

// place says where a line of blocks is, and where the innermost of them is.
func place(blocks []string, words string) (at, block string) {
	var heads []string
	for _, head := range blocks {
		if head != rootBlock {
			heads = append(heads, strings.TrimSuffix(head, " {"))
		}
	}
	block = strings.Join(heads, " / ")
	if block == "" && len(blocks) > 0 {
		block = rootBlock
	}
	if words == rootBlock {
		return rootBlock, block
	}
	return strings.Join(append(heads, strings.TrimSuffix(words, " {")), " / "), block
}

func option(words string) string {
	name, _, _ := strings.Cut(words, " ")
	return name
}

// line finds a line by where it is.
func (s sample) line(at string) (found sampleLine, ok bool) {
	i := slices.IndexFunc(s, func(l sampleLine) bool { return l.at == at && !l.closes })
	if i < 0 {
		return found, false
	}
	return s[i], true
}

// edit changes a sample: lines are replaced by others, or left out, with their
// blocks, and more lines stand at the beginning of blocks.
type edit struct {
	replace map[string]string // by where the line is; "": left out
	more    map[string]string // by where the block is
}

// and returns an edit with one replacement more.
func (e edit) and(at, text string) edit {
	replace := maps.Clone(e.replace)
	replace[at] = text
	return edit{replace, e.more}
}

// with edits the sample so that an alternative is in force.
func (e edit) with(alternative sampleLine) edit {
	if alternative.instead != "" {
		e = e.and(alternative.instead, "")
	}
	return e.and(alternative.at, alternative.text)
}

// text is the edited sample as a Caddyfile.
func (s sample) text(e edit) string {
	var b strings.Builder
	dropped := 0 // blocks that are open and left out
	for _, line := range s {
		replacement, replaced := e.replace[line.at]
		switch {
		case dropped > 0:
			dropped += depth(line)
		case replaced && line.at != "":
			dropped += depth(line)
			b.WriteString(replacement + "\n")
		case !line.alternative:
			b.WriteString(line.text + "\n" + e.more[line.at])
		}
	}
	return b.String()
}

// depth is by how many blocks a line leads further in.
func depth(line sampleLine) int {
	switch {
	case line.opens:
		return 1
	case line.closes:
		return -1
	}
	return 0
}
