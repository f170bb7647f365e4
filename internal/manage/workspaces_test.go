package manage_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func TestWorkspacesHaveTheirPlan(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.workspace(t, "second", "big")
	rows, err := f.ListWorkspaces(t.Context(), f.op)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, w := range rows.Data {
		got[w.Name] = w.Plan
	}
	if len(got) != 2 || got["default"] != "free" || got["second"] != "big" {
		t.Errorf("listed %v", got)
	}
	trail := f.audit(t, "second")
	if len(trail) != 1 || trail[0].Action != "workspace.create" || trail[0].Changes["plan"].To != "big" {
		t.Errorf("recorded %+v", trail)
	}
}

func TestBadWorkspacesAreNotMade(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	for _, name := range []string{
		"", " ", "two words", "-x", ".x", "_x", "a/b", "a\x00b", "ü", "a:b", strings.Repeat("x", 64), "a\r\nb",
	} {
		_, err := f.CreateWorkspace(t.Context(), f.op, manage.NewWorkspace{Name: name})
		wantRefusal(t, err, problem.InvalidRequest, "name")
	}
	_, err := f.CreateWorkspace(t.Context(), f.op, manage.NewWorkspace{Name: "good", Plan: "gold"})
	wantRefusal(t, err, problem.InvalidRequest, "plan")
	for _, name := range []string{"default", "twice", "x", "9", "a.b-c_D", strings.Repeat("x", 63)} {
		_, err := f.CreateWorkspace(t.Context(), f.op, manage.NewWorkspace{Name: name})
		if name == "default" {
			wantRefusal(t, err, problem.AlreadyExists, "name")
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProjectsBelongToAWorkspace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.project(t, f.op, "apollo", "gemini")
	f.project(t, rivals, "soyuz")
	for want, call := range map[string]manage.Call{"apollo gemini": f.op, "soyuz": rivals} {
		rows, err := f.ListProjects(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range rows.Data {
			got = append(got, p.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("listed %q, want %s", got, want)
		}
	}
	_, err := f.CreateProject(t.Context(), f.op, manage.NewProject{Name: "apollo"})
	wantRefusal(t, err, problem.AlreadyExists, "name")
}

func TestBadProjectsAreNotMade(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []string{"", "two words", "a/b", `a\b`, ".", "..", "(other)", "a\x00", "a\u00a0b", "\xff", strings.Repeat("x", 101)} {
		_, err := f.CreateProject(t.Context(), f.op, manage.NewProject{Name: name})
		wantRefusal(t, err, problem.InvalidRequest, "name")
	}
	f.project(t, f.op, "...", "übung", "a:b@c", strings.Repeat("é", 100))
}

func TestAPlanThatLeftTheConfigurationCountsAsTheDefault(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	call := f.workspace(t, "second", "big")
	m, err := manage.New(manage.Config{Store: f.store, Format: newFormat(t), Now: f.clock, Catalogue: manage.Catalogue{
		Plans: map[string]manage.Plan{"tiny": {MaxKeys: 1}}, DefaultPlan: "tiny",
	}})
	if err != nil {
		t.Fatal(err)
	}
	f.Manager = m
	f.mustCreate(t, call, manage.NewKey{})
	_, err = f.CreateKey(t.Context(), call, manage.NewKey{Name: "one more"})
	wantRefusal(t, err, problem.PlanLimitReached, "")
}

func TestAManagerNeedsItsParts(t *testing.T) {
	t.Parallel()
	f := setup(t)
	whole := manage.Config{Store: f.store, Format: newFormat(t), Now: f.clock}
	for name, spoil := range map[string]func(*manage.Config){
		"no store": func(c *manage.Config) { c.Store = nil }, "no format": func(c *manage.Config) { c.Format = nil },
		"no clock":             func(c *manage.Config) { c.Now = nil },
		"unknown default plan": func(c *manage.Config) { c.Catalogue.DefaultPlan = "gold" },
	} {
		config := whole
		spoil(&config)
		if _, err := manage.New(config); err == nil {
			t.Errorf("%s: a manager was made", name)
		}
	}
}
