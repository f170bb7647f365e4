package dashboard

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// shownScopes is how many a list shows of each key; a template counts to it.
const shownScopes = 2

// functions are what templates may call.
func functions(d *Dashboard) template.FuncMap {
	return template.FuncMap{
		"asset":  d.assetNamed,
		"ago":    ago,
		"day":    day,
		"exact":  exact,
		"count":  count,
		"pairs":  pairs,
		"route":  routeName,
		"status": statusName,
		"upper":  strings.ToUpper,
		"join":   strings.Join,
		"at":     func(t *time.Time) time.Time { return *t },
		"path":   workspacePath,
		"more":   func(scopes []string) int { return len(scopes) - shownScopes },
		"left":   func(r manage.RateUse) int64 { return *r.Remaining },
		"text":   func(id keys.ID) string { return string(id) },
	}
}

// count writes a number with thin groups, as people read it.
func count(n any) (string, error) {
	var digits string
	switch n := n.(type) {
	case int:
		digits = strconv.Itoa(n)
	case int64:
		digits = strconv.FormatInt(n, 10)
	default:
		return "", fmt.Errorf("dashboard: %T is no number", n)
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits, nil
}

// pairs hands several values to a template, by name.
func pairs(values ...any) (map[string]any, error) {
	all := map[string]any{}
	for i := 0; i+1 < len(values); i += 2 {
		name, ok := values[i].(string)
		if !ok {
			return nil, fmt.Errorf("dashboard: a name is wanted, not %T", values[i])
		}
		all[name] = values[i+1]
	}
	return all, nil
}

// routeName is a route with the method that it was called by, where it doesn't
// begin with that.
func routeName(method, route string) string {
	if strings.HasPrefix(route, method+" ") {
		return route
	}
	return method + " (" + route + ")"
}

func statusName(s keys.Status) string { return strings.ToUpper(string(s)) }
