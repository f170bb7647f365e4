package manage

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
)

const etagBytes = 16 // of the hash: what an ETag is compared for happens by accident only

// etagOf names a state of a key: it changes with whatever can be edited or
// ended. Use and the passing of time don't change it.
func etagOf(k *keys.Key) string {
	state := map[string]any{"id": k.ID}
	for _, field := range recorded {
		state[field.name] = field.value(k)
	}
	sum := sha256.Sum256(encoded(state))
	return `"` + hex.EncodeToString(sum[:etagBytes]) + `"`
}

// ifMatch refuses where a header If-Match doesn't hold for an entity tag, as
// RFC 9110 section 13.1.1 says. A list of none holds for none; what can't be
// read to its end matches by what stands before.
func ifMatch(header Field[string], etag string) error {
	if !header.Set || strings.Trim(header.Value, " \t") == "*" {
		return nil
	}
	for rest := header.Value; rest != ""; {
		var tag string
		if tag, rest = nextTag(rest); tag == etag {
			return nil
		}
	}
	return refuse(problem.PreconditionFailed, "", "")
}

// nextTag cuts the first entity tag off a list; "" where there is none. A weak
// one keeps its W/, and so equals no strong one.
func nextTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, ", \t")
	opening := 0
	if strings.HasPrefix(list, "W/") {
		opening = len("W/")
	}
	if !strings.HasPrefix(list[opening:], `"`) {
		return "", ""
	}
	text, after, closed := strings.Cut(list[opening+1:], `"`)
	if !closed {
		return "", ""
	}
	after = strings.TrimLeft(after, " \t")
	if after != "" && after[0] != ',' {
		return "", ""
	}
	return list[:opening+1] + text + `"`, after
}
