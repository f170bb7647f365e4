package archtest

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// links finds the targets of Markdown links.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// linkRule needs the folder itself: links lead to files of every kind.
func linkRule(fsys fs.FS) rule {
	return rule{"links between documents lead somewhere", func(t *tree) (found []finding) {
		for _, name := range slices.Sorted(maps.Keys(t.texts)) {
			line := 0
			for text := range strings.Lines(t.texts[name]) {
				line++
				for _, link := range links.FindAllStringSubmatch(text, -1) {
					if !t.leads(fsys, name, link[1]) {
						found = append(found, finding{name, line, "the link to " + link[1] + " leads nowhere: mend it, or write what it should lead to"})
					}
				}
			}
		}
		return found
	}}
}

func (t *tree) leads(fsys fs.FS, from, to string) bool {
	if strings.Contains(to, ":") { // elsewhere
		return true
	}
	to, heading, within := strings.Cut(to, "#")
	name := path.Join(path.Dir(from), to)
	if to == "" {
		name = from
	}
	if page, ours := t.texts[name]; ours && within {
		return slices.Contains(anchors(page), heading)
	}
	_, err := fs.Stat(fsys, name)
	return err == nil
}

var (
	fences       = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	headings     = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names by which GitHub makes headings of a page known: in small
// letters, spaces as hyphens, without punctuation, numbered from the second on.
func anchors(page string) (all []string) {
	for _, heading := range headings.FindAllStringSubmatch(fences.ReplaceAllString(page, ""), -1) {
		plain := regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(heading[1], "]")
		name := strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(plain), ""), " ", "-")
		anchor := name
		for n := 1; slices.Contains(all, anchor); n++ {
			anchor = name + "-" + strconv.Itoa(n)
		}
		all = append(all, anchor)
	}
	return all
}
