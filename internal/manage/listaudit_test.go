package manage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func (f *fixture) mustAudit(t *testing.T, call manage.Call, query manage.AuditQuery) manage.Page[manage.AuditView] {
	t.Helper()
	rows, err := f.ListAudit(t.Context(), call, query)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// actions lists what a page says was done, newest first.
func actions(rows manage.Page[manage.AuditView]) string {
	var out []string
	for i := range rows.Data {
		out = append(out, rows.Data[i].Action)
	}
	return strings.Join(out, " ")
}

func TestTheTrailSaysWhoDidWhatWhenAndWhy(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := f.token(t, f.op, manage.NewToken{Name: "deploy"})
	actor, err := f.Authenticate(t.Context(), token.Secret.Reveal(), home)
	if err != nil {
		t.Fatal(err)
	}
	call := manage.Call{Actor: actor}
	key := f.mustCreate(t, call, manage.NewKey{Scopes: []string{"read", "write"}})
	f.advance(time.Hour)
	edit := manage.KeyEdit{Scopes: manage.Stated([]string{"read"}), Reason: "too many"}
	if _, err := f.EditKey(t.Context(), call, key.ID, edit); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteKey(t.Context(), f.op, key.ID); err != nil {
		t.Fatal(err)
	}
	rows := f.mustAudit(t, f.op, manage.AuditQuery{})
	if actions(rows) != "key.delete key.edit key.create token.create" || rows.NextCursor != nil {
		t.Fatalf("listed %+v", rows)
	}
	edited := rows.Data[1]
	change := edited.Changes["scopes"]
	if edited.Actor != "token:deploy ("+token.ID+")" || edited.KeyID != key.ID || edited.Reason != "too many" || edited.Client != home ||
		!edited.Time.Equal(start.Add(time.Hour)) || edited.Workspace != "default" || len(edited.Changes) != 1 ||
		!slices.Equal(change.From.([]any), []any{"read", "write"}) || !slices.Equal(change.To.([]any), []any{"read"}) {
		t.Errorf("the edit reads %+v", edited)
	}
	if rows.Data[3].Target != token.ID || rows.Data[3].Changes == nil || rows.Data[0].Actor != "command:ann" {
		t.Errorf("listed %+v", rows.Data)
	}
	for query, want := range map[manage.AuditQuery]string{
		{KeyID: key.ID}:                               "key.delete key.edit key.create",
		{Actor: "command:ann"}:                        "key.delete token.create",
		{Action: "key.edit"}:                          "key.edit",
		{From: "30m"}:                                 "key.delete key.edit",
		{To: "30m"}:                                   "key.create token.create",
		{From: "2026-11-22", To: "2026-11-23"}:        "key.delete key.edit key.create token.create",
		{From: "2026-11-23"}:                          "",
		{KeyID: key.ID, Actor: "command:ann"}:         "key.delete",
		{KeyID: "key_nobody"}:                         "",
		{KeyID: "%", Limit: 1}:                        "",
		{Limit: 1}:                                    "key.delete",
		{Actor: "command:ann' OR 'x'='x", Action: ""}: "",
	} {
		if got := actions(f.mustAudit(t, f.op, query)); got != want {
			t.Errorf("%+v: %q, want %q", query, got, want)
		}
	}
}

func TestTheTrailIsReadInPages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 7 {
		f.mustCreate(t, f.op, manage.NewKey{})
	}
	whole := f.mustAudit(t, f.op, manage.AuditQuery{}).Data
	for limit := 1; limit <= 8; limit++ {
		var got []string
		for query := (manage.AuditQuery{Limit: limit, Action: "key.create"}); ; {
			rows := f.mustAudit(t, f.op, query)
			for i := range rows.Data {
				got = append(got, rows.Data[i].ID)
			}
			if rows.NextCursor == nil {
				break
			}
			query.Cursor = *rows.NextCursor
			f.project(t, f.op, fmt.Sprintf("p%d-%d", limit, len(got))) // something else comes in
		}
		if len(got) != len(whole) || got[0] != whole[0].ID || got[6] != whole[6].ID || len(slices.Compact(slices.Clone(got))) != 7 {
			t.Errorf("in pages of %d: %v", limit, got)
		}
	}
}

func TestBadQuestionsAboutTheTrailAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.mustCreate(t, f.op, manage.NewKey{})
	theirs := f.workspace(t, "rivals", "")
	f.mustCreate(t, theirs, manage.NewKey{})
	f.mustCreate(t, theirs, manage.NewKey{})
	foreign := *f.mustAudit(t, theirs, manage.AuditQuery{Limit: 1}).NextCursor
	for param, queries := range map[string][]manage.AuditQuery{
		"limit":  {{Limit: -1}, {Limit: 1001}},
		"cursor": {{Cursor: "!!nonsense"}, {Cursor: "bm9ib2R5"}, {Cursor: "YSBi"}, {Cursor: strings.Repeat("a", 1000)}, {Cursor: foreign}},
		"from":   {{From: "yesterday"}},
		"to":     {{To: "-1d"}},
		"key_id": {{KeyID: keys.ID(strings.Repeat("x", 201))}, {KeyID: "a\nb"}},
		"actor":  {{Actor: "\xff"}},
		"action": {{Action: "a\x00b"}},
	} {
		for _, query := range queries {
			_, err := f.ListAudit(t.Context(), f.op, query)
			wantRefusal(t, err, problem.InvalidRequest, param)
		}
	}
	_, err := f.ListAudit(t.Context(), manage.Call{Actor: f.op.Actor, Workspace: "nobodys"}, manage.AuditQuery{})
	wantRefusal(t, err, problem.NotFound, "")
}

// Who reads the trail sees what happened where they may act, and no more.
func TestTheTrailShowsEachOneTheirOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.project(t, f.op, "apollo", "gemini")
	f.token(t, f.op, manage.NewToken{Name: "ops", AllWorkspaces: true})
	f.mustCreate(t, rivals, manage.NewKey{Name: "theirs"})
	for _, project := range []string{"", "apollo", "gemini"} {
		made := f.mustCreate(t, f.op, manage.NewKey{Name: "of " + project + "!", Project: project})
		if _, err := f.RotateKey(t.Context(), f.op, made.ID, manage.Rotation{}); err != nil {
			t.Fatal(err)
		}
		if err := f.DeleteKey(t.Context(), f.op, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Name: "deploy", Workspace: "default"})}
	operator := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_2", Name: "ops"})}
	part := f.keyActor(t, f.op, manage.NewKey{Name: "manages apollo", Scopes: manager(), Project: "apollo"})
	whole := f.keyActor(t, f.op, manage.NewKey{Name: "manages all", Scopes: manager()})
	if _, err := f.CreateKey(t.Context(), part, manage.NewKey{Name: "too much", Scopes: []string{"all"}}); err == nil {
		t.Error("made a key beyond its maker")
	}
	ofKey := "key.delete key.create key.rotate key.create"
	home := "key.create.refused key.create key.create " + strings.Repeat(ofKey+" ", 3) + "project.create project.create"
	for name, row := range map[string]struct {
		call manage.Call
		want string
	}{
		"a command":               {f.op, strings.Replace(home, "project.create project.create", "token.create project.create project.create", 1)},
		"an operator":             {operator, strings.Replace(home, "project.create project.create", "token.create project.create project.create", 1)},
		"an operator, elsewhere":  {manage.Call{Actor: operator.Actor, Workspace: "rivals"}, "key.create workspace.create"},
		"a token":                 {token, home},
		"a key":                   {whole, home},
		"a key of a project":      {part, "key.create.refused key.create " + ofKey},
		"a workspace's, all told": {rivals, "key.create workspace.create"},
	} {
		if got := actions(f.mustAudit(t, row.call, manage.AuditQuery{})); got != row.want {
			t.Errorf("%s reads\n%q, want\n%q", name, got, row.want)
		}
	}
}
