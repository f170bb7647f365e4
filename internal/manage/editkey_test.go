package manage_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

type changes = map[string]storage.FieldChange

// edited is a key with every field set, which edits change.
func edited(t *testing.T) (*fixture, manage.CreatedKey) {
	t.Helper()
	f := setup(t, catalogue)
	f.project(t, f.op, "apollo")
	f.profile(t, f.op, "strict", "calm")
	return f, f.mustCreate(t, f.op, manage.NewKey{
		Name: "first name", Description: "words", Scopes: []string{"read", "write"}, Project: "apollo", ExpiresIn: "10d", Profile: "strict",
		AllowedIPs: []string{"127.0.0.1"}, Metadata: map[string]string{"team": "blue"},
	})
}

func TestEditsChangeWhatTheyStateAndAreRecorded(t *testing.T) {
	t.Parallel()
	end, day := start.Add(10*24*time.Hour), start.Add(24*time.Hour)
	instant := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	for name, row := range map[string]struct {
		edit manage.KeyEdit
		see  func(*manage.KeyView)
		want changes
	}{
		"a name": {
			manage.KeyEdit{Name: manage.Stated(" second name ")}, func(k *manage.KeyView) { k.Name = "second name" },
			changes{"name": {From: "first name", To: "second name"}},
		},
		"a description": {
			manage.KeyEdit{Description: manage.Stated("two\nlines")}, func(k *manage.KeyView) { k.Description = "two\nlines" },
			changes{"description": {From: "words", To: "two\nlines"}},
		},
		"no description": {
			manage.KeyEdit{Description: manage.Field[string]{Set: true, Null: true}}, func(k *manage.KeyView) { k.Description = "" },
			changes{"description": {From: "words"}},
		},
		"fewer scopes": {
			manage.KeyEdit{Scopes: manage.Stated([]string{"write"})}, func(k *manage.KeyView) { k.Scopes = []string{"write"} },
			changes{"scopes": {From: []any{"read", "write"}, To: []any{"write"}}},
		},
		"no scopes": {
			manage.KeyEdit{Scopes: manage.Stated([]string{})}, func(k *manage.KeyView) { k.Scopes = []string{} },
			changes{"scopes": {From: []any{"read", "write"}}},
		},
		"a pause": {
			manage.KeyEdit{Status: manage.Stated(keys.Inactive)}, func(k *manage.KeyView) { k.Status = keys.Inactive },
			changes{"status": {From: "active", To: "inactive"}},
		},
		"another profile": {
			manage.KeyEdit{Profile: manage.Stated("calm")}, func(k *manage.KeyView) { k.Profile = "calm" },
			changes{"profile": {From: "strict", To: "calm"}},
		},
		"no profile": {
			manage.KeyEdit{Profile: manage.Field[string]{Set: true, Null: true}}, func(k *manage.KeyView) { k.Profile = "" },
			changes{"profile": {From: "strict"}},
		},
		"an empty profile": {
			manage.KeyEdit{Profile: manage.Stated("")}, func(k *manage.KeyView) { k.Profile = "" },
			changes{"profile": {From: "strict"}},
		},
		"an earlier end": {
			manage.KeyEdit{ExpiresIn: manage.Stated("1d")}, func(k *manage.KeyView) { k.ExpiresAt = &day },
			changes{"expires_at": {From: instant(end), To: instant(day)}},
		},
		"no end": {
			manage.KeyEdit{ExpiresAt: manage.Field[string]{Set: true, Null: true}}, func(k *manage.KeyView) { k.ExpiresAt = nil },
			changes{"expires_at": {From: instant(end)}},
		},
		"other addresses": {
			manage.KeyEdit{AllowedIPs: manage.Stated([]string{"10.1.2.3/8"})}, func(k *manage.KeyView) { k.AllowedIPs = []string{"10.0.0.0/8"} },
			changes{"allowed_ips": {From: []any{"127.0.0.1"}, To: []any{"10.0.0.0/8"}}},
		},
		"other metadata": {
			manage.KeyEdit{Metadata: manage.Stated(map[string]string{"a": "b"})}, func(k *manage.KeyView) { k.Metadata = map[string]string{"a": "b"} },
			changes{"metadata": {From: map[string]any{"team": "blue"}, To: map[string]any{"a": "b"}}},
		},
		"several": {
			manage.KeyEdit{Name: manage.Stated("second name"), Status: manage.Stated(keys.Inactive)},
			func(k *manage.KeyView) { k.Name, k.Status = "second name", keys.Inactive },
			changes{"name": {From: "first name", To: "second name"}, "status": {From: "active", To: "inactive"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, made := edited(t)
			row.edit.Reason = "because"
			got := f.mustEdit(t, f.op, made.ID, row.edit)
			want := made.KeyView
			row.see(&want)
			want.ETag = got.ETag
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answered (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, f.mustShow(t, f.op, made.ID)); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			if got.ETag == made.ETag {
				t.Error("the ETag is still the same")
			}
			entry := f.audit(t, "default")[0]
			if entry.Action != "key.edit" || entry.KeyID != made.ID || entry.Actor != "command:ann" || entry.Reason != "because" {
				t.Errorf("recorded %+v", entry)
			}
			if diff := cmp.Diff(row.want, entry.Changes); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEditsThatChangeNothingLeaveNothing(t *testing.T) {
	t.Parallel()
	f, made := edited(t)
	for name, edit := range map[string]manage.KeyEdit{
		"nothing":                  {},
		"a reason only":            {Reason: "because"},
		"the same name":            {Name: manage.Stated("first name ")},
		"the same in another form": {AllowedIPs: manage.Stated([]string{"::ffff:127.0.0.1"}), ExpiresIn: manage.Stated("10d")},
		"scopes in another order":  {Scopes: manage.Stated([]string{"write", "read"})},
		"the same of all": {
			Description: manage.Stated("words"), Status: manage.Stated(keys.Active), Profile: manage.Stated("strict"),
			Metadata: manage.Stated(map[string]string{"team": "blue"}), IfMatch: manage.Stated(made.ETag),
		},
	} {
		f.changesNothing(t, "default", func(context.Context) {
			if got := f.mustEdit(t, f.op, made.ID, edit); got.ETag != made.ETag {
				t.Errorf("%s: another ETag", name)
			}
		})
	}
}

func TestScopesOnlyEverNarrow(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		has, asked string
		code       problem.Code // of the refusal; empty: none
	}{
		"all of all":                  {"all", "all", ""},
		"a known one of all":          {"all", "read", ""},
		"all beside a known one":      {"all", "all read", ""},
		"management of all":           {"all", "manage:api-keys", ""},
		"an unknown one of all":       {"all", "fly", problem.InvalidRequest},
		"one more":                    {"read", "read write", problem.ScopeWidening},
		"another":                     {"read", "write", problem.ScopeWidening},
		"all":                         {"read", "all", problem.ScopeWidening},
		"management":                  {"read", "manage:api-keys", problem.ScopeWidening},
		"an unknown one":              {"read", "fly", problem.InvalidRequest},
		"no word":                     {"read", "two\u00a0words", problem.InvalidRequest},
		"other case":                  {"read", "READ", problem.InvalidRequest},
		"none, and later one of them": {"", "read", problem.ScopeWidening},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, catalogue)
			made := f.mustCreate(t, f.op, manage.NewKey{Scopes: words(row.has)})
			if row.code == "" {
				f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Scopes: manage.Stated(words(row.asked))})
				return
			}
			f.changesNothing(t, "default", func(ctx context.Context) {
				_, err := f.EditKey(ctx, f.op, made.ID, manage.KeyEdit{Scopes: manage.Stated(words(row.asked))})
				wantRefusal(t, err, row.code, "scopes")
			})
		})
	}
}

func TestAScopeThatLeftTheConfigurationMayStay(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{Scopes: []string{"old", "read"}})
	f.reconfigure(t, catalogue)
	got := f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Scopes: manage.Stated([]string{"old"})})
	if diff := cmp.Diff([]string{"old"}, got.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}
