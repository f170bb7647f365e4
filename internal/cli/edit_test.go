package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func TestAnEditStatesWhatTheCommandLineDoes(t *testing.T) {
	t.Parallel()
	null := manage.Field[string]{Set: true, Null: true}
	for line, want := range map[string]manage.KeyEdit{
		"--name new":                        {Name: manage.Stated("new")},
		"--description=":                    {Description: manage.Stated("")},
		"--scopes read,write":               {Scopes: manage.Stated([]string{"read", "write"})},
		"--scopes read --scopes write":      {Scopes: manage.Stated([]string{"read", "write"})},
		"--scopes=":                         {Scopes: manage.Stated([]string{})},
		"--status inactive --reason leaked": {Status: manage.Stated(keys.Inactive), Reason: "leaked"},
		"--profile strict":                  {Profile: manage.Stated("strict")},
		"--profile=":                        {Profile: manage.Stated("")},
		"--expires 30d":                     {ExpiresIn: manage.Stated("30d")},
		"--expires 2027-01-01":              {ExpiresAt: manage.Stated("2027-01-01")},
		"--expires 2027-01-01T00:00:00Z":    {ExpiresAt: manage.Stated("2027-01-01T00:00:00Z")},
		"--expires never":                   {ExpiresAt: null},
		"--expires=":                        {ExpiresIn: manage.Stated("")},
		"--allowed-ips 127.0.0.1,10.0.0.0/8": {
			AllowedIPs: manage.Stated([]string{"127.0.0.1", "10.0.0.0/8"}),
		},
		"--allowed-ips=":     {AllowedIPs: manage.Stated([]string{})},
		"--metadata a=b,c=d": {Metadata: manage.Stated(map[string]string{"a": "b", "c": "d"})},
		"--metadata=":        {Metadata: manage.Stated(map[string]string{})},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			f, service := setup(t), &fake{}
			f.over = service
			f.ok(t, append([]string{"keys", "edit", "key_1"}, strings.Fields(line)...)...)
			if diff := cmp.Diff([]manage.KeyEdit{want}, service.edits); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEditWithoutAChangeIsBadUsage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for line, says := range map[string]string{
		"keys edit key_1":                  "keystile: nothing is stated that should change; see keystile keys edit --help\n",
		"keys edit key_1 --reason because": "keystile: nothing is stated that should change; see keystile keys edit --help\n",
		"workspaces edit acme":             "keystile: --plan is missing: nothing else of a workspace can be changed; see keystile workspaces edit --help\n",
	} {
		if got := f.run(t, strings.Fields(line)...); got.status != StatusBadUsage || got.out != "" || got.err != says {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if len(f.opened) > 0 {
		t.Errorf("opened %q", f.opened)
	}
}

func TestAKeyIsChangedAndShown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.ok(t, "profiles", "create", "strict")
	id := f.create(t, "New key", "--scopes", "read,write", "--metadata", "team=blue")
	golden(t, "keys_edit", f.ok(t, "keys", "edit", id, "--name", "Renamed", "--scopes", "read", "--status", "inactive", "--profile", "strict",
		"--expires", "30d", "--allowed-ips", "127.0.0.1,10.0.0.0/8", "--description", "other words"))
	golden(t, "keys_edit_json", f.ok(t, "keys", "edit", id, "--expires", "never", "--profile", "", "--allowed-ips", "", "--metadata", "", "--json"))
	f.ok(t, "keys", "reactivate", id)
	golden(t, "keys_deactivate", f.ok(t, "keys", "deactivate", id, "--reason", "a pause"))
	golden(t, "keys_reactivate", f.ok(t, "keys", "reactivate", id))
	golden(t, "keys_reactivate_json", f.ok(t, "keys", "reactivate", id, "--json"))
	golden(t, "keys_rotate", f.ok(t, "keys", "rotate", id, "--grace", "1h"))
	other := f.create(t, "Another")
	golden(t, "keys_rotate_json", f.ok(t, "keys", "rotate", other, "--grace", "0s", "--json"))
	f.ok(t, "workspaces", "create", "acme")
	golden(t, "workspaces_edit", f.ok(t, "workspaces", "edit", "acme", "--plan", "free"))
	golden(t, "workspaces_edit_json", f.ok(t, "workspaces", "edit", "acme", "--plan", "", "--json"))
}
