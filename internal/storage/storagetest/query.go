package storagetest

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var queryGuarantees = []guarantee{
	{"QueryIsPartOfNameHintOrIDInAnyCase", queryFinds},
	{"QueryIsTakenLiterally", queryIsLiteral},
}

func named(name string) func(*keys.Key) { return func(k *keys.Key) { k.Name, k.Hint = name, "hint" } }

func queryFinds(t *testing.T, f *fixture) {
	f.insert(t,
		newKey("key_1", named("Billing robot"), func(k *keys.Key) { k.Description, k.Owner = "secretive", "secretive" }),
		newKey("key_2", named("ÄRGER"), func(k *keys.Key) { k.Hint = "KS_live_abC…wxyz" }),
	)
	for query, want := range map[string][]keys.ID{
		"BILL": {"key_1"}, "g Rob": {"key_1"}, "ärger": {"key_2"}, "ÄRG": {"key_2"},
		"ABc…W": {"key_2"}, "KEY_1": {"key_1"}, "key_": {"key_1", "key_2"},
		"secretive": {}, "robothint": {}, "robot hint": {}, "nothing": {},
	} {
		wantEqual(t, query, list(t, f, storage.KeyFilter{Query: query}), want)
	}
}

// queryIsLiteral is MGMT-09: what means something to a database means nothing
// in a filter.
func queryIsLiteral(t *testing.T, f *fixture) {
	f.insert(t,
		newKey("key_1", named("100% sure")), newKey("key_2", named("snake_case")), newKey("key_3", named(`back\slash`)),
		newKey("key_4", named("it's")), newKey("key_5", named("plain")), newKey("key_6", named(`[a-z]*?`)),
	)
	for query, want := range map[string][]keys.ID{
		"%": {"key_1"}, "e_c": {"key_2"}, "p_ain": {}, `\`: {"key_3"}, "'": {"key_4"}, `\%`: {},
		"[a-z]*": {"key_6"}, "*": {"key_6"}, "' OR '1'='1": {}, "'; DROP TABLE keys; --": {}, "\x00": {}, "\xff": {},
	} {
		wantEqual(t, query, list(t, f, storage.KeyFilter{Query: query}), want)
	}
	for _, text := range []string{"' OR '1'='1", "%", "default' --"} {
		wantEqual(t, text, list(t, f, storage.KeyFilter{Owner: text}), []keys.ID{})
		wantEqual(t, text, list(t, f, storage.KeyFilter{Project: text}), []keys.ID{})
		wantEqual(t, text, list(t, f, storage.KeyFilter{Workspace: text}), []keys.ID{})
		wantEqual(t, text, list(t, f, storage.KeyFilter{Status: keys.Status(text)}), []keys.ID{})
	}
	wantEqual(t, "all are there", len(list(t, f, storage.KeyFilter{})), 6)
}
