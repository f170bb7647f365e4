package manage_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// fields are those of the contract, in its order.
var fields = []string{
	"id", "name", "description", "hint", "status", "kind", "environment", "scopes", "workspace", "project", "owner",
	"created_by", "created_at", "expires_at", "last_used_at", "total_calls", "profile", "plan", "allowed_ips", "metadata",
	"replaces", "replaced_by",
}

func TestAKeyHasTheFieldsOfTheContract(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	var got map[string]json.RawMessage
	if err := json.Unmarshal([]byte(marshal(t, made.KeyView)), &got); err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if !slices.Contains(fields, name) {
			t.Errorf("%s is a field of its own", name)
		}
	}
	for _, name := range fields {
		if _, there := got[name]; !there {
			t.Errorf("%s is missing", name)
		}
	}
	for name, want := range map[string]string{
		"expires_at": "null", "last_used_at": "null", "scopes": "[]", "allowed_ips": "[]", "metadata": "{}", "project": `""`,
		"created_at": `"2026-11-22T12:30:15.123456Z"`, "total_calls": "0",
	} {
		if string(got[name]) != want {
			t.Errorf("%s of a plain key is %s, want %s", name, got[name], want)
		}
	}
}

func TestAnEmptyPageIsAnEmptyList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if got := marshal(t, f.mustList(t, f.op, manage.KeyQuery{})); got != `{"data":[],"next_cursor":null}` {
		t.Errorf("an empty list is %s", got)
	}
}
