package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// Each block of each document is run, or held against what it is about, in the
// order of its page: see docs_kinds_test.go for what happens to which language,
// and docs_pages_test.go for what pages need besides.
func TestEverySnippetOfTheDocumentsRuns(t *testing.T) {
	t.Parallel()
	pages := docPages(t)
	for _, page := range pages {
		t.Run(strings.ReplaceAll(page, "/", "_"), func(t *testing.T) { // -run splits names at slashes
			t.Parallel()
			blocks, found := blocksOf(page, readPage(t, page))
			if len(blocks) > 0 {
				p := newDocPlace(t, docRules[page])
				found = append(found, p.run(blocks)...)
				for _, note := range p.notes {
					t.Log(note)
				}
			}
			for _, wrong := range found {
				t.Error(wrong)
			}
		})
	}
	for page := range docRules {
		if !strings.Contains(fmt.Sprint(pages)+" ", page) {
			t.Errorf("docs_pages_test.go has rules for %s, which is not there", page)
		}
	}
}

// run has all blocks of a page happen, and returns what is wrong with them.
func (p *docPlace) run(blocks []docBlock) (found []string) {
	if p.rules.place != nil {
		p.rules.place(p)
	}
	heading := ""
	for _, b := range blocks {
		if b.heading != heading {
			heading = b.heading
			p.scene("# " + heading)
		}
		kind := p.rules.kinds[b.language]
		if kind == nil {
			kind = docKinds[b.language]
		}
		if kind == nil {
			found = append(found, b.at(0, "no test knows what to do with a block of the language %q", b.language))
			continue
		}
		p.used["```"+b.language] = true
		found = append(found, kind(p, b)...)
	}
	return append(found, p.unused()...)
}

// unused are rules of the page that nothing on it meets any more.
func (p *docPlace) unused() (found []string) {
	for _, rule := range p.rules.unrun {
		found = p.wantUsed(found, rule.starts)
	}
	for starts := range p.rules.ends {
		found = p.wantUsed(found, starts)
	}
	for language := range p.rules.kinds {
		found = p.wantUsed(found, "```"+language)
	}
	for starts := range p.rules.scenes {
		found = p.wantUsed(found, starts)
	}
	return found
}

func (p *docPlace) wantUsed(found []string, rule string) []string {
	if !p.used[rule] {
		found = append(found, fmt.Sprintf("docs_pages_test.go has a rule for %q that nothing on the page meets", rule))
	}
	return found
}

// What the tests of documents are worth: they find what is wrong with these.
func TestASnippetThatNobodyRunsIsFound(t *testing.T) {
	t.Parallel()
	stray := docPage{unrun: []unrun{{"rm -rf", "nobody should"}}}
	for name, page := range map[string]struct {
		rules docPage
		text  string
		want  string
	}{
		"no fence":              {text: "So:\n\n    keystile version\n", want: "page.md:3: a block without a fence"},
		"a fence that's open":   {text: "```sh\nkeystile version\n", want: "page.md:1: a fence that never closes"},
		"no language":           {text: "\n```\nkeystile version\n```\n", want: `page.md:2: no test knows what to do with a block of the language ""`},
		"an unknown language":   {text: "```text\nkeystile version\n```\n", want: `the language "text"`},
		"another output":        {text: "```console\n$ echo one\ntwo\n```\n", want: "page.md:2: echo one shows\none\n"},
		"output of nothing":     {text: "```console\none\n```\n", want: "page.md:2: no command shows this"},
		"a command that fails":  {text: "```sh\n(exit 3)\n```\n", want: "ends with status 3, want 0"},
		"no command":            {text: "```sh\nkeystile keys make\n```\n", want: "page.md:2: keystile keys make ends with status 2"},
		"no shell":              {text: "```sh\nif\n```\n", want: "page.md:2: no shell reads this"},
		"an unknown option":     {text: "```caddyfile\n:80 {\n\tkeystile {\n\t\tcolour blue\n\t}\n}\n```\n", want: `unknown option`},
		"spaces for tabs":       {text: "```caddyfile\n:80 {\n  keystile\n}\n```\n", want: "page.md:1: keystile fmt would write"},
		"JSON that nobody asks": {text: "```json\n{}\n```\n", want: "page.md:1: nobody reads this"},
		"no JSON":               {text: "`a.json`:\n\n```json\n{\n```\n", want: "page.md:4: this is not JSON"},
		"no code of ours":       {text: "```http\nHTTP/1.1 418 I'm a teapot\n\n{\"error\":{\"code\":\"teapot\"}}\n```\n", want: "docs/errors.md doesn't have"},
		"nothing made it":       {text: "```sh\nkeystile keys show key_…\n```\n", want: "nothing above makes a key_…"},
		"a rule for nothing":    {rules: stray, text: "```sh\ntrue\n```\n", want: `a rule for "rm -rf" that nothing on the page meets`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks, found := blocksOf("page.md", page.text)
			found = append(found, newDocPlace(t, page.rules).run(blocks)...)
			if len(found) != 1 || !strings.Contains(found[0], page.want) {
				t.Errorf("found %q, want %q", found, page.want)
			}
		})
	}
	good := "`a.txt.json`:\n\n```json\n{}\n```\n\n```console\n$ cat a.txt.json\n{}\n$ false || echo at 2026-11-22 12:30\nat 2025-01-02 03:04\n$ export NAME=\"a b\"\n$ printf '%s\\n' \"$NAME\" c d e\na b\n…\ne\n$ keystile version\nKeystile …\n```\n"
	blocks, found := blocksOf("page.md", good)
	if found = append(found, newDocPlace(t, docPage{}).run(blocks)...); len(blocks) != 2 || len(found) > 0 {
		t.Errorf("of a page that is right, found %q in %d blocks", found, len(blocks))
	}
}
