package archtest

import (
	"cmp"
	"strconv"
	"strings"
)

// newestGo is what Caddy itself asks for. Whoever can build Caddy can build us.
const newestGo = "1.26.0"

var goModRule = rule{"go.mod asks for no more than Caddy does", checkGoMod}

func checkGoMod(t *tree) (found []finding) {
	line, said := 0, false
	for text := range strings.Lines(t.texts["go.mod"]) {
		line++
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "go":
			said = true
			if len(words) != 2 || newer(words[1], newestGo) {
				found = append(found, finding{"go.mod", line, "the go directive is newer than " + newestGo + ": lower it"})
			}
		case "toolchain":
			found = append(found, finding{"go.mod", line, "a toolchain line makes others download one: take it out"})
		case "replace", "exclude":
			found = append(found, finding{"go.mod", line, words[0] + " has no effect where we are a dependency, as in an xcaddy build: require the right version"})
		}
	}
	if !said {
		found = append(found, finding{"go.mod", 1, "there is no go directive: say go " + newestGo})
	}
	return found
}

// newer compares versions such as 1.26 and 1.26.3. What can't be read is newer.
func newer(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, errX := part(as, i)
		y, errY := part(bs, i)
		if errX != nil || errY != nil {
			return true
		}
		if x != y {
			return cmp.Compare(x, y) > 0
		}
	}
	return false
}

func part(version []string, i int) (int, error) {
	if i >= len(version) {
		return 0, nil
	}
	return strconv.Atoi(version[i])
}
