package dashboard

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

func changedFields(e *manage.AuditView) (names []string) {
	for name := range e.Changes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// changeWords are a change in words; what was nothing before is only named.
func changeWords(name string, c storage.FieldChange) string {
	if c.From == nil {
		return name + ": " + changeText(c.To)
	}
	return name + ": " + changeText(c.From) + " → " + changeText(c.To)
}

// changeText is a value of the audit trail for people: texts without quotes,
// nothing as a dash.
func changeText(value any) string {
	switch value := value.(type) {
	case nil:
		return "–"
	case string:
		if value == "" {
			return "–"
		}
		return value
	}
	if list, ok := value.([]any); ok {
		texts := make([]string, len(list))
		for i := range list {
			texts[i] = changeText(list[i])
		}
		return strings.Join(texts, ", ")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return string(text)
}
