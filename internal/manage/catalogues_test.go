package manage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestProfilesBelongToAWorkspace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.profile(t, f.op, "strict", " calm, two words ")
	f.profile(t, rivals, "strict", "theirs")
	for want, call := range map[string]manage.Call{"calm, two words|strict": f.op, "strict|theirs": rivals} {
		rows, err := f.ListProfiles(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range rows.Data {
			got = append(got, p.Name)
			if p.CreatedAt != start {
				t.Errorf("%s was made at %v", p.Name, p.CreatedAt)
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("listed %q, want %s", got, want)
		}
	}
	_, err := f.CreateProfile(t.Context(), f.op, manage.NewProfile{Name: "strict"})
	wantRefusal(t, err, problem.AlreadyExists, "name")
	_, err = f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "good name", Profile: "theirs"})
	wantRefusal(t, err, problem.InvalidRequest, "profile")
	if made := f.mustCreate(t, f.op, manage.NewKey{Profile: "calm, two words"}); made.Profile != "calm, two words" {
		t.Errorf("the key has the profile %q", made.Profile)
	}
	entry := f.audit(t, "rivals")[0]
	if entry.Action != "profile.create" || entry.Target != "theirs" {
		t.Errorf("recorded %+v", entry)
	}
}

func TestBadProfilesAreNotMade(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []string{"", "  ", ".", "..", "two\nlines", "a\x00", "\xff", "a\u2028b", strings.Repeat("x", 101)} {
		_, err := f.CreateProfile(t.Context(), f.op, manage.NewProfile{Name: name})
		wantRefusal(t, err, problem.InvalidRequest, "name")
	}
	f.profile(t, f.op, "x", "ü", strings.Repeat("é", 100))
}

func TestImportedKeysHaveAProfileOfTheCatalogue(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	f.profile(t, f.op, "strict")
	rows := oldRows(2)
	rows[0].Ask.Profile, rows[1].Ask.Profile = "strict", "nobodys"
	_, refused, err := f.imports(t.Context(), f.op, rows)
	if err != nil || len(refused) != 1 || refused[0].Line != 2 || refused[0].Code != problem.InvalidRequest {
		t.Errorf("refused %+v, %v", refused, err)
	}
	if all := f.mustList(t, f.op, manage.KeyQuery{}); len(all.Data) != 1 || all.Data[0].Profile != "strict" {
		t.Errorf("imported %+v", all.Data)
	}
}

func TestWhatKeysNameCanNotBeDeleted(t *testing.T) {
	t.Parallel()
	f := setup(t, reversible)
	f.project(t, f.op, "apollo")
	f.profile(t, f.op, "strict")
	made := f.mustCreate(t, f.op, manage.NewKey{Project: "apollo", Profile: "strict"})
	deleteProject := func(ctx context.Context) error { return f.DeleteProject(ctx, f.op, "apollo") }
	deleteProfile := func(ctx context.Context) error { return f.DeleteProfile(ctx, f.op, "strict") }
	used := func(when string, attempts ...func(context.Context) error) {
		t.Helper()
		for _, attempt := range attempts {
			f.changesNothing(t, "default", func(ctx context.Context) {
				t.Log(when)
				wantRefusal(t, attempt(ctx), problem.InUse, "")
			})
		}
	}
	used("active", deleteProject, deleteProfile)
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	used("inactive", deleteProject, deleteProfile)
	f.mustRevoke(t, f.op, made.ID)
	used("revoked", deleteProfile)
	if err := deleteProject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entry := f.audit(t, "default")[0]; entry.Action != "project.delete" || entry.Target != "apollo" {
		t.Errorf("recorded %+v", entry)
	}
	f.changesNothing(t, "default", func(ctx context.Context) {
		_, err := f.ReactivateKey(ctx, f.op, made.ID)
		wantRefusal(t, err, problem.KeyNotActive, "project")
	})
	f.project(t, f.op, "apollo")
	if _, err := f.ReactivateKey(t.Context(), f.op, made.ID); err != nil {
		t.Errorf("with its project back: %v", err)
	}
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Profile: null[string]()})
	if err := deleteProfile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entry := f.audit(t, "default")[0]; entry.Action != "profile.delete" || entry.Target != "strict" {
		t.Errorf("recorded %+v", entry)
	}
}

func TestWhatIsNotThereCanNotBeDeleted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.project(t, rivals, "theirs")
	f.profile(t, rivals, "theirs")
	for _, name := range []string{"theirs", "nobodys", "", "two\nlines", strings.Repeat("x", 200)} {
		f.changesNothing(t, "rivals", func(ctx context.Context) {
			wantRefusal(t, f.DeleteProject(ctx, f.op, name), problem.NotFound, "")
			wantRefusal(t, f.DeleteProfile(ctx, f.op, name), problem.NotFound, "")
		})
	}
}

func TestAWorkspaceChangesItsPlanUpAndDown(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, reversible)
	call := f.workspace(t, "team", "big")
	var made []manage.CreatedKey
	for range 12 {
		made = append(made, f.mustCreate(t, call, manage.NewKey{}))
	}
	edit := func(plan manage.Field[string], want string) {
		t.Helper()
		if w, err := f.EditWorkspace(t.Context(), f.op, "team", manage.WorkspaceEdit{Plan: plan}); err != nil || w.Plan != want || w.Name != "team" {
			t.Fatalf("edited: %+v, %v", w, err)
		}
	}
	edit(manage.Stated("free"), "free")
	if entry := f.audit(t, "team")[0]; entry.Action != "workspace.edit" || entry.Target != "team" ||
		entry.Changes["plan"] != (storage.FieldChange{From: "big", To: "free"}) {
		t.Errorf("recorded %+v", entry)
	}
	// Keys go on working, and what makes them no more can be done to them.
	for _, k := range made {
		if got := f.mustShow(t, call, k.ID).Status; got != keys.Active {
			t.Errorf("a key is %s", got)
		}
	}
	_, err := f.CreateKey(t.Context(), call, manage.NewKey{Name: "one more"})
	wantRefusal(t, err, problem.PlanLimitReached, "")
	f.mustRotate(t, call, made[0].ID, "1h")
	f.mustRevoke(t, call, made[0].ID)
	if _, err := f.ReactivateKey(t.Context(), call, made[0].ID); err != nil {
		t.Errorf("a key whose replacement counts for it: %v", err)
	}
	f.mustEdit(t, call, made[1].ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive), ExpiresIn: manage.Stated("1d")})
	if _, err := f.ReactivateKey(t.Context(), call, made[1].ID); err != nil {
		t.Error(err)
	}
	f.mustRevoke(t, call, made[2].ID)
	f.mustRevoke(t, call, made[3].ID)
	_, err = f.CreateKey(t.Context(), call, manage.NewKey{Name: "one more"})
	wantRefusal(t, err, problem.PlanLimitReached, "")

	edit(manage.Stated("big"), "big")
	f.mustCreate(t, call, manage.NewKey{})
	edit(null[string](), "free")
	f.changesNothing(t, "team", func(context.Context) {
		edit(manage.Stated(""), "free")
		edit(manage.Field[string]{}, "free")
	})
}

func TestWorkspacesAreEditedByOperatorsOnly(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.workspace(t, "team", "")
	plan := manage.WorkspaceEdit{Plan: manage.Stated("big")}
	for name, row := range map[string]struct {
		call  manage.Call
		name  string
		edit  manage.WorkspaceEdit
		code  problem.Code
		param string
	}{
		"an unknown plan":        {f.op, "team", manage.WorkspaceEdit{Plan: manage.Stated("gold")}, problem.InvalidRequest, "plan"},
		"nobody's workspace":     {f.op, "nobodys", plan, problem.NotFound, ""},
		"what can't be one":      {f.op, "two words", plan, problem.NotFound, ""},
		"a workspace's token":    {manage.Call{Actor: manage.Actor{Kind: manage.ActorToken, Workspace: "team"}}, "team", plan, problem.NotPermitted, ""},
		"somebody without right": {manage.Call{}, "team", plan, problem.NotPermitted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := f.holding(t, "team").Head
			_, err := f.EditWorkspace(t.Context(), row.call, row.name, row.edit)
			wantRefusal(t, err, row.code, row.param)
			if f.holding(t, "team").Head != before {
				t.Error("something was changed")
			}
		})
	}
}

func TestManagersTakeASensibleGraceOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for grace, good := range map[time.Duration]bool{-1: false, 0: true, time.Second: true, manage.MaxRotationGrace: true, manage.MaxRotationGrace + 1: false} {
		_, err := manage.New(manage.Config{Store: f.store, Format: newFormat(t), Now: f.clock, RotationGrace: grace})
		if (err == nil) != good {
			t.Errorf("a grace of %v: %v", grace, err)
		}
	}
}
