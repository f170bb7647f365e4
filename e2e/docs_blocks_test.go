package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docBlock is one fenced block of a document.
type docBlock struct {
	page     string // from the root of the repository
	line     int    // of the fence
	language string
	file     string // the name that the line above gives it, as in "`keys.csv`:"
	heading  string // that it stands under
	text     string
}

func (b docBlock) at(line int, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", b.page, b.line+line, fmt.Sprintf(format, args...))
}

var (
	docFence   = regexp.MustCompile("^( *)(```+)([a-z]*)(.*)$")
	docNamed   = regexp.MustCompile("`([^` ]+)`:$")
	docIndents = regexp.MustCompile(`^(    +|\t)\S`)
)

// blocksOf finds the blocks of a page. What is code without a fence, or opens a
// fence that never closes, is a finding: nobody would run it.
func blocksOf(page, text string) (blocks []docBlock, found []string) {
	lines := strings.Split(text, "\n")
	above, heading := "", ""
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		fence := docFence.FindStringSubmatch(line)
		switch {
		case fence != nil:
			b := docBlock{page: page, line: i + 1, language: fence[3], heading: heading}
			if name := docNamed.FindStringSubmatch(above); name != nil {
				b.file = name[1]
			}
			closing := slices.Index(lines[i+1:], fence[1]+fence[2])
			if closing < 0 {
				return blocks, append(found, b.at(0, "a fence that never closes"))
			}
			b.text = undented(lines[i+1:i+1+closing], fence[1])
			blocks = append(blocks, b)
			i += closing + 1
		case docIndents.MatchString(line) && strings.TrimSpace(lines[max(0, i-1)]) == "" && !strings.HasPrefix(above, "- ") && !strings.HasPrefix(strings.TrimSpace(line), "- "):
			found = append(found, fmt.Sprintf("%s:%d: a block without a fence: nobody runs it. Open it with ```sh, or whatever it is", page, i+1))
			for i+1 < len(lines) && lines[i+1] != "" {
				i++
			}
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		}
		if strings.TrimSpace(line) != "" {
			above = strings.TrimSpace(line)
		}
	}
	return blocks, found
}

func undented(lines []string, indent string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimPrefix(line, indent) + "\n")
	}
	return b.String()
}

// docPages are the documents for readers, by their paths from the root.
func docPages(t testing.TB) (pages []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(filepath.Base(name), ".") || slices.Contains([]string{"testdata", "node_modules", "tools", "bin", "dist"}, filepath.Base(name))):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			pages = append(pages, name)
		}
		return nil
	})
	must(t, err)
	return pages
}

func readPage(t testing.TB, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", page))
	must(t, err)
	return string(text)
}
