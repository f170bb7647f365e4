package cli

import (
	"encoding/json"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// importField is a column of CSV, or a member of a JSON line. set takes its
// text, which is never empty, and says what is wrong with it.
type importField struct {
	name string
	set  func(row *manage.ImportRow, text string) (fault string)
}

// importFields are all there are.
var importFields = []importField{
	{"secret", func(r *manage.ImportRow, text string) string { r.Secret = keys.NewSecret(text); return "" }},
	word("digest", func(r *manage.ImportRow) *string { return &r.Digest }),
	word("algorithm", func(r *manage.ImportRow) *string { return &r.Algorithm }),
	{"name", func(r *manage.ImportRow, text string) string { r.Ask.Name = text; return "" }},
	{"description", func(r *manage.ImportRow, text string) string { r.Ask.Description = text; return "" }},
	word("environment", func(r *manage.ImportRow) *keys.Environment { return &r.Ask.Environment }),
	{"scopes", func(r *manage.ImportRow, text string) string { r.Ask.Scopes = strings.Fields(text); return "" }},
	word("kind", func(r *manage.ImportRow) *keys.Kind { return &r.Ask.Kind }),
	word("project", func(r *manage.ImportRow) *string { return &r.Ask.Project }),
	{"owner", func(r *manage.ImportRow, text string) string { r.Ask.Owner = text; return "" }},
	word("expires_at", func(r *manage.ImportRow) *string { return &r.Ask.ExpiresAt }),
	word("profile", func(r *manage.ImportRow) *string { return &r.Ask.Profile }),
	{"metadata", setMetadata},
}

// word is a field in which spaces around the text mean nothing.
func word[T ~string](name string, of func(*manage.ImportRow) *T) importField {
	return importField{name, func(row *manage.ImportRow, text string) string {
		*of(row) = T(strings.TrimSpace(text))
		return ""
	}}
}

func setMetadata(row *manage.ImportRow, text string) string {
	if json.Unmarshal([]byte(text), &row.Ask.Metadata) != nil || row.Ask.Metadata == nil {
		return "metadata must be a JSON object whose values are texts."
	}
	return ""
}

// importFieldOf finds a field by its name; nil: there is none.
func importFieldOf(name string) *importField {
	for i := range importFields {
		if importFields[i].name == name {
			return &importFields[i]
		}
	}
	return nil
}

func importFieldNames() string {
	names := make([]string, 0, len(importFields))
	for _, f := range importFields {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
