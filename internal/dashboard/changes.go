package dashboard

import (
	"encoding/json"
	"slices"

	"github.com/keystile/keystile/internal/manage"
)

func changedFields(e *manage.AuditView) (names []string) {
	for name := range e.Changes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
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
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return string(text)
}
