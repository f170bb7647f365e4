package manage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
)

// compare holds a row against the key that has its digest already. It refuses
// a row that would change the key, and one whose key the importer doesn't
// reach, without a word of whose it is.
func (b *importing) compare(row *ImportRow, here *keys.Key) error {
	if here.Workspace != b.workspace || !b.to.sees(here.Project) {
		return refuse(problem.AlreadyExists, "", "A key with this secret exists already.")
	}
	if fields := row.differences(here); len(fields) > 0 {
		return refuse(problem.AlreadyExists, "", fmt.Sprintf("This key exists already, as %s, and differs in %s; it was left as it is.",
			here.ID, strings.Join(fields, ", ")))
	}
	return nil
}

// differences names the fields in which a key is other than a row says. What
// the row leaves out doesn't count.
func (row *ImportRow) differences(key *keys.Key) (fields []string) {
	ask := &row.Ask
	for _, text := range []struct{ field, said, is string }{
		{"name", strings.Trim(ask.Name, " "), key.Name},
		{"description", ask.Description, key.Description},
		{"environment", string(ask.Environment), string(key.Environment)},
		{"kind", string(ask.Kind), string(key.Kind)},
		{"project", ask.Project, key.Project},
		{"owner", strings.Trim(ask.Owner, " "), key.Owner},
		{"profile", ask.Profile, key.Profile},
	} {
		if text.said != "" && text.said != text.is {
			fields = append(fields, text.field)
		}
	}
	if len(ask.Scopes) > 0 && !sameNames(ask.Scopes, key.Scopes) {
		fields = append(fields, "scopes")
	}
	if end, ok := parseInstant(ask.ExpiresAt); ask.ExpiresAt != "" && !(ok && end.Equal(key.ExpiresAt)) {
		fields = append(fields, "expires_at")
	}
	if len(ask.Metadata) > 0 && !maps.Equal(ask.Metadata, key.Metadata) {
		fields = append(fields, "metadata")
	}
	return fields
}

// sameNames compares two lists whose order means nothing.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
