package cli

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

func TestLatestCallsAreListed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	service := &fake{}
	f.over = service
	golden(t, "keys_activity_none", f.ok(t, "keys", "activity", "key_1"))
	service.calls = manage.ActivityView{Sampled: true, Data: []manage.CallView{
		{Time: hour(0), Method: "POST", Route: "GET,POST /v1/projects/{project}/*", Status: 201, Outcome: "allowed", Client: "192.0.2.7"},
		{Time: hour(1), Method: "BREW\x1b[31m", Status: 403, Outcome: "route_not_allowed", Client: "2001:db8::7"},
	}}
	golden(t, "keys_activity", f.ok(t, "keys", "activity", "key_1", "--limit", "2"))
	golden(t, "keys_activity_json", f.ok(t, "keys", "activity", "key_1", "--json"))
}

func TestTheAuditTrailIsListed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	entry := manage.AuditView{
		ID: "aud_1", Time: hour(1), Workspace: "default", Actor: "token:deploy (tok_1)", Action: "key.edit", KeyID: "key_1", Reason: "two\nlines", Client: "192.0.2.7",
		Changes: map[string]storage.FieldChange{
			"scopes":   {From: []any{"read", "write"}, To: []any{}},
			"name":     {From: "old", To: "new \x1b[31m"},
			"metadata": {From: map[string]any{"b": "2", "a": "1"}, To: nil},
			"max_keys": {To: 3.0},
		},
	}
	other := manage.AuditView{ID: "aud_2", Time: hour(2), Actor: "command:ann", Action: "token.create", Target: "tok_1", Changes: map[string]storage.FieldChange{}}
	service := &fake{audits: []manage.Page[manage.AuditView]{
		{Data: []manage.AuditView{entry}, NextCursor: ptr("second")}, {Data: []manage.AuditView{other}},
	}}
	f.over = service
	golden(t, "audit", f.ok(t, "audit", "--key", "key_1", "--actor", "token:deploy (tok_1)", "--action", "key.edit", "--from", "7d", "--to", "1h", "--limit", "1"))
	want := manage.AuditQuery{KeyID: "key_1", Actor: "token:deploy (tok_1)", Action: "key.edit", From: "7d", To: "1h", Limit: 1}
	if service.asked[0] != want {
		t.Errorf("asked %+v", service.asked[0])
	}
	service.asked = nil
	golden(t, "audit_all", f.ok(t, "audit", "--all"))
	if len(service.asked) != 2 || service.asked[0].Limit != largestPage || service.asked[1].Cursor != "second" {
		t.Errorf("asked %+v", service.asked)
	}
	service.asked = nil
	golden(t, "audit_all_json", f.ok(t, "audit", "--all", "--json"))
}

// A server that gives one page for ever must not be listened to for ever.
func TestAListWithoutEndIsAnError(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = &fake{audits: []manage.Page[manage.AuditView]{{Data: []manage.AuditView{}, NextCursor: ptr("same")}}}
	got := f.run(t, "audit", "--all")
	if got.status != StatusFailed || got.out != "" || got.err != "keystile: "+errCircle.Error()+"\n" {
		t.Errorf("%+v", got)
	}
}

func TestAllKeysAreListedPageByPage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 5 {
		f.create(t, "one of five")
	}
	for _, args := range [][]string{{"--all"}, {"--all", "--limit", "2"}, {"--all", "--limit", "5"}, {"--all", "--limit", "1"}} {
		doc := f.document(t, append([]string{"keys", "list"}, args...)...)
		rows, _ := doc["data"].([]any)
		seen := map[any]bool{}
		for _, row := range rows {
			seen[row.(map[string]any)["id"]] = true
		}
		if len(rows) != 5 || len(seen) != 5 || doc["next_cursor"] != nil {
			t.Errorf("%v: %d rows, %d keys, next %v", args, len(rows), len(seen), doc["next_cursor"])
		}
	}
}

func TestTheLineToTryIsWhatTheConfigurationServesTheKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sites = Sites{Admin: "https://admin.example", Try: func(k manage.KeyView) string {
		if k.Environment == keys.Test {
			return ""
		}
		return "https://api.example/" + k.Scopes[0]
	}}
	for line, want := range map[string]string{
		"keys create New_key --scopes read":                    " https://api.example/read\n",
		"keys create New_key --scopes read --environment test": " https://YOUR-API/\n",
		"tokens create deploy":                                 " https://admin.example/v1/keys\n",
	} {
		if out := f.ok(t, strings.Fields(line)...); !strings.HasSuffix(out, want) {
			t.Errorf("%s: printed %s", line, out)
		}
	}
	if got := (Sites{}).tryWith(manage.KeyView{}); got != "https://YOUR-API/" {
		t.Errorf("unknown: %s", got)
	}
}

func TestAKeyThatIsPausedIsNotOfferedToTry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.create(t, "a key")
	f.ok(t, "keys", "edit", id, "--status", "inactive")
	if out := f.ok(t, "keys", "rotate", id); !strings.Contains(out, "store it now") || strings.Contains(out, "curl") {
		t.Errorf("printed %s", out)
	}
}
