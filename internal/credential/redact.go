package credential

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// RedactHeader returns a header with redact's word for each value that stands
// in a place of a credential, Authorization aside: a copy, unless there is
// none.
func (s Sources) RedactHeader(h http.Header, redact func(value string) string) http.Header {
	if !slices.ContainsFunc(s, func(one Source) bool { return one.Kind == Header && len(h[one.Name]) > 0 }) {
		return h
	}
	shown := maps.Clone(h)
	for _, one := range s {
		if one.Kind != Header || len(h[one.Name]) == 0 {
			continue
		}
		told := make([]string, len(h[one.Name]))
		for i, value := range h[one.Name] {
			told[i] = redact(value)
		}
		shown[one.Name] = told
	}
	return shown
}

// RedactTarget is RedactHeader for the query of a request's target.
func (s Sources) RedactTarget(target string, redact func(value string) string) string {
	path, query, _ := strings.Cut(target, "?")
	if !slices.ContainsFunc(s, func(one Source) bool { return one.Kind == Query && len(parameters(query, one.Name)) > 0 }) {
		return target
	}
	var b strings.Builder
	b.WriteString(path + "?")
	for part, separator := range pairs(query) {
		if b.Len() > len(path)+1 {
			b.WriteString(separator)
		}
		key, value, _ := strings.Cut(part, "=")
		if slices.ContainsFunc(s, func(one Source) bool { return one.Kind == Query && isNamed(key, one.Name) }) {
			part = key + "=" + redact(value)
		}
		b.WriteString(part)
	}
	return b.String()
}
