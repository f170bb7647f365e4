package dashboard

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

type projectsPage struct {
	Projects []manage.ProjectView
	Profiles []manage.ProfileView
	Once     string
	// The forms as they were filled in, and what is wrong with one of them.
	Project, Profile string
	Wrong            string // which one: project or profile
	Problem          *problem.Problem
}

func showProjects(v *visit) error { return v.projectsPage(http.StatusOK, &projectsPage{}) }

func (v *visit) projectsPage(status int, body *projectsPage) error {
	projects, err := v.Service.ListProjects(v.r.Context(), v.call)
	if err != nil {
		return err
	}
	profiles, err := v.Service.ListProfiles(v.r.Context(), v.call)
	if err != nil {
		return err
	}
	body.Projects, body.Profiles = projects.Data, profiles.Data
	if body.Once == "" {
		body.Once = newOnce()
	}
	return v.pageOf(status, "projects", "projects", &page{Title: "Projects", Body: body})
}

// createNamed makes a project or a profile, which have nothing but a name.
func createNamed(what string, create func(v *visit, name string) error) func(*visit) error {
	return func(v *visit) error {
		form, err := v.form()
		if err != nil {
			return err
		}
		v.call.IdempotencyKey = form.Get("once")
		name := form.Get("name")
		if err = create(v, name); err == nil {
			return v.done(v.here("projects"), "The "+what+" is there.")
		}
		p, ok := mistake(err)
		if !ok {
			return err
		}
		body := &projectsPage{Wrong: what, Problem: p}
		if what == "project" {
			body.Project = name
		} else {
			body.Profile = name
		}
		return v.projectsPage(p.Code.Row().Status, body)
	}
}

func createProject(v *visit, name string) error {
	_, err := v.Service.CreateProject(v.r.Context(), v.call, manage.NewProject{Name: name})
	return err
}

func createProfile(v *visit, name string) error {
	_, err := v.Service.CreateProfile(v.r.Context(), v.call, manage.NewProfile{Name: name})
	return err
}

// removal is a page that asks before something with a name is deleted.
type removal struct {
	What, Name, Back string
	Says             string
	Problem          *problem.Problem
	delete           func(v *visit, name string) error
}

var removals = map[string]removal{
	"projects": {
		What: "project", Back: "projects", Says: "It can be deleted as soon as no key that is neither revoked nor expired belongs to it. Its name is free from then on.",
		delete: func(v *visit, name string) error { return v.Service.DeleteProject(v.r.Context(), v.call, name) },
	},
	"profiles": {
		What: "profile", Back: "projects", Says: "It can be deleted as soon as no key has it.",
		delete: func(v *visit, name string) error { return v.Service.DeleteProfile(v.r.Context(), v.call, name) },
	},
	"tokens": {
		What: "token", Back: "tokens", Says: "It is good for nothing from then on, and whoever signed in with it is signed out. This can’t be undone.",
		delete: func(v *visit, name string) error { return v.Service.DeleteToken(v.r.Context(), v.call, name) },
	},
}

func confirmRemoval(of string) func(*visit) error {
	return func(v *visit) error { return v.removalPage(http.StatusOK, removals[of], of, nil) }
}

func (v *visit) removalPage(status int, body removal, at string, p *problem.Problem) error {
	body.Name, body.Problem = v.r.PathValue("name"), p
	if at == "profiles" {
		at = "projects"
	}
	return v.pageOf(status, "removal", at, &page{Title: "Delete " + body.What, Body: body})
}

func doRemoval(of string) func(*visit) error {
	return func(v *visit) error {
		one := removals[of]
		if _, err := v.form(); err != nil {
			return err
		}
		err := one.delete(v, v.r.PathValue("name"))
		if err == nil {
			return v.done(v.here(one.Back), "The "+one.What+" is deleted.")
		}
		p, ok := mistake(err)
		if !ok {
			return err
		}
		return v.removalPage(p.Code.Row().Status, one, of, p)
	}
}
