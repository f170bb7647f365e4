package e2e

import (
	"regexp"
	"strings"
)

// What differs from run to run, as pages write it, and what may stand there.
// The first column is what quoting makes of it.
var docVolatile = []struct{ shown, any string }{
	{`…`, `.*`},
	{`x{6,}`, `[0-9A-Za-z]+`},
	{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, `[0-9a-f-]{36}`},
	{`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4}`, `[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4}`},
	{`\d{4}-\d\d-\d\d`, `\d{4}-\d\d-\d\d`},
	{`\d\d:\d\d:\d\d(\\\.\d+)?`, `\d\d:\d\d:\d\d(\.\d+)?`},
	{`\d\d:\d\d`, `\d\d:\d\d`},
	{`(127\\\.0\\\.0\\\.1|localhost):\d+`, `(127\.0\.0\.1|localhost):\d+`},
	{`\b1[78]\d{8}\b`, `\d{10}`},
	{`(now|\d+ (second|minute)s? ago)`, `(now|\d+ (second|minute)s? ago)`},
	{`[ \t]{2,}`, `[ \t]{2,}`},
}

var docAny = func() *regexp.Regexp {
	var all []string
	for _, v := range docVolatile {
		all = append(all, "("+v.shown+")")
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}()

// shownAs makes a pattern of the output that a page shows: a line of … alone
// stands for any lines, and what differs from run to run for its like.
func shownAs(shown string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, " \n")
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(.*\n)*`)
			continue
		}
		b.WriteString(docAny.ReplaceAllStringFunc(regexp.QuoteMeta(line), likeOf) + ` *\n`)
	}
	return regexp.MustCompile(b.String() + `$`)
}

func likeOf(part string) string {
	for _, v := range docVolatile {
		if regexp.MustCompile(`^(` + v.shown + `)$`).MatchString(part) {
			return v.any
		}
	}
	return part
}
