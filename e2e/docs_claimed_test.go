package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claimed is for blocks that another test takes from the page and runs, or
// compares with what was run. It takes so many of them: one more would be one
// that nobody runs.
func claimed(test string, times func(testing.TB) int) docKind {
	return func(p *docPlace, b docBlock) (found []string) {
		p.counted[b.language]++
		if n := times(p.t); p.counted[b.language] > n {
			found = append(found, b.at(0, "%s takes %d %s blocks of this page, and this is another one", test, n, b.language))
		}
		if !sourceHas(p.t, "_test.go", "\nfunc "+test+"(t *testing.T)") {
			found = append(found, b.at(0, "there is no test %s that would run this", test))
		}
		return found
	}
}

func one(testing.TB) int { return 1 }

// all is for pages of which the test makes every block anew.
func all(testing.TB) int { return 1 << 20 }

func callsOfAPIPage(t testing.TB) int { return len(readAPIPage(t)) }

// picture is for blocks that show no text of any program.
func picture(_ *docPlace, b docBlock) []string {
	if !strings.ContainsAny(b.text, "─│▶▼") {
		return []string{b.at(0, "this is no picture: say what it is, so that a test can read it")}
	}
	return nil
}

// wantFolders reads a list of files and folders, each with what it is for.
func wantFolders(_ *docPlace, b docBlock) (found []string) {
	line := 0
	for text := range strings.Lines(b.text) {
		line++
		name, _, _ := strings.Cut(strings.TrimSpace(text), " ")
		if strings.HasPrefix(text, " ") {
			continue // goes on with the line before
		}
		if _, err := os.Stat(filepath.Join("..", name)); err != nil {
			found = append(found, b.at(line, "%s isn't there", name))
		}
	}
	return found
}

// probe asks what a Kubernetes probe of the block would ask, where
// keystile_admin stands.
func probe(p *docPlace, b docBlock) (found []string) {
	asked := regexp.MustCompile(`(?m)^\w+Probe:\n  httpGet: \{path: (/\S+), port: \d+\}$`).FindAllStringSubmatch(b.text, -1)
	if 2*len(asked) != strings.Count(b.text, "\n") {
		found = append(found, b.at(0, "not all of this is probes"))
	}
	for _, path := range asked {
		if got, err := exchange(p.desk, "GET "+path[1]+" HTTP/1.1\r\nHost: "+p.desk+"\r\nConnection: close\r\n\r\n"); err != nil || got.status != 200 {
			found = append(found, b.at(0, "%s is answered %v, %v", path[1], got, err))
		}
	}
	return found
}

// sourceHas reports whether a file of the repository whose name ends so holds a
// text.
func sourceHas(t testing.TB, suffix, text string) (has bool) {
	t.Helper()
	for _, dir := range []string{"e2e", "internal", "caddymodule", "cmd", "deploy"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || has || !strings.HasSuffix(name, suffix) {
				return err
			}
			source, err := os.ReadFile(name)
			has = strings.Contains(string(source), text)
			return err
		})
		must(t, err)
	}
	return has
}
