package dashboard

import (
	"strings"

	"github.com/keystile/keystile/internal/keys"
)

// Addresses are those of all routes, with the deeds of a key.
func Addresses(id keys.ID) (all []string) {
	for _, row := range routes {
		_, path, found := strings.Cut(row.pattern, " ")
		if !found {
			path = row.pattern
		}
		path = strings.NewReplacer("{workspace}", "default", "{id}", string(id), "{name}", "x", "{$}", "").Replace(path)
		if !strings.Contains(path, "{deed}") {
			all = append(all, path)
			continue
		}
		for name := range deeds {
			all = append(all, strings.ReplaceAll(path, "{deed}", name))
		}
	}
	return all
}
