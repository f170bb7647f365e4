package manage

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// recorded is what the audit trail and the ETag know of a key, by the names of
// the API. Digest and hint are not among it. A value is nil where the key has
// none.
var recorded = []struct {
	name  string
	value func(*keys.Key) any
}{
	{"name", func(k *keys.Key) any { return textOrNil(k.Name) }},
	{"description", func(k *keys.Key) any { return textOrNil(k.Description) }},
	{"status", func(k *keys.Key) any { return textOrNil(k.Status) }},
	{"kind", func(k *keys.Key) any { return textOrNil(k.Kind) }},
	{"environment", func(k *keys.Key) any { return textOrNil(k.Environment) }},
	{"scopes", func(k *keys.Key) any { return listOrNil(k.Scopes) }},
	{"project", func(k *keys.Key) any { return textOrNil(k.Project) }},
	{"owner", func(k *keys.Key) any { return textOrNil(k.Owner) }},
	{"expires_at", func(k *keys.Key) any { return timeOrNil(k.ExpiresAt) }},
	{"profile", func(k *keys.Key) any { return textOrNil(k.Profile) }},
	{"plan", func(k *keys.Key) any { return textOrNil(k.Plan) }},
	{"allowed_ips", func(k *keys.Key) any { return listOrNil(k.AllowedIPs) }},
	{"metadata", func(k *keys.Key) any { return mapOrNil(k.Metadata) }},
	{"replaces", func(k *keys.Key) any { return textOrNil(k.Replaces) }},
	{"replaced_by", func(k *keys.Key) any { return textOrNil(k.ReplacedBy) }},
}

func textOrNil[T ~string](text T) any {
	if text == "" {
		return nil
	}
	return text
}

func listOrNil(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func mapOrNil(m map[string]string) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// changesBetween lists the fields in which two states of a key differ. The
// empty key stands for none: before a key was made, after it was deleted.
func changesBetween(was, is *keys.Key) map[string]storage.FieldChange {
	changes := map[string]storage.FieldChange{}
	for _, field := range recorded {
		from, to := field.value(was), field.value(is)
		if !sameValue(from, to) {
			changes[field.name] = storage.FieldChange{From: from, To: to}
		}
	}
	return changes
}

func sameValue(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return bytes.Equal(encoded(a), encoded(b))
}

// changesOfNew lists what a new key was made with.
func changesOfNew(key *keys.Key) map[string]storage.FieldChange {
	return changesBetween(&keys.Key{}, key)
}

// encoded is a recorded value as the store would keep it: texts, lists and
// maps of them, times and nil, none of which JSON can refuse.
func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
