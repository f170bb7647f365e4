package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/keystile/keystile/internal/manage"
)

// shelf is a list of names in a workspace, which keys choose from.
type shelf struct {
	what   string // one of them
	sample string // the name of one
	advice string // what deleting one means
	create func(context.Context, manage.Service, manage.Call, string) (any, manage.ProjectView, error)
	list   func(context.Context, manage.Service, manage.Call) (any, []manage.ProjectView, error)
	remove func(context.Context, manage.Service, manage.Call, string) error
}

var projects = shelf{
	what: "project", sample: "gemini", advice: "It is refused while a key that may still be used belongs to it.",
	create: func(ctx context.Context, s manage.Service, by manage.Call, name string) (any, manage.ProjectView, error) {
		made, err := s.CreateProject(ctx, by, manage.NewProject{Name: name})
		return made, made, err
	},
	list: func(ctx context.Context, s manage.Service, by manage.Call) (any, []manage.ProjectView, error) {
		rows, err := s.ListProjects(ctx, by)
		return rows, rows.Data, err
	},
	remove: func(ctx context.Context, s manage.Service, by manage.Call, name string) error {
		return s.DeleteProject(ctx, by, name)
	},
}

var profiles = shelf{
	what: "profile", sample: "strict", advice: "It is refused while a key names it.",
	create: func(ctx context.Context, s manage.Service, by manage.Call, name string) (any, manage.ProjectView, error) {
		made, err := s.CreateProfile(ctx, by, manage.NewProfile{Name: name})
		return made, manage.ProjectView(made), err
	},
	list: func(ctx context.Context, s manage.Service, by manage.Call) (any, []manage.ProjectView, error) {
		rows, err := s.ListProfiles(ctx, by)
		same := make([]manage.ProjectView, 0, len(rows.Data))
		for _, row := range rows.Data {
			same = append(same, manage.ProjectView(row))
		}
		return rows, same, err
	},
	remove: func(ctx context.Context, s manage.Service, by manage.Call, name string) error {
		return s.DeleteProfile(ctx, by, name)
	},
}

func shelfVerbs(s shelf) []*verb {
	return []*verb{s.createVerb(), s.listVerb(), s.deleteVerb()}
}

func (s shelf) exampleOf(words string) string { return "  keystile " + s.what + "s " + words }

func (s shelf) createVerb() *verb {
	return &verb{
		use: "create NAME", short: "Register a " + s.what, changes: true,
		example: s.exampleOf("create " + s.sample),
		run: func(t *task) (answer, error) {
			document, made, err := s.create(t.ctx, t.service, t.call, t.args[0])
			return answer{document: document, text: func(p *page) {
				p.line("Created %s %s in workspace %s.", s.what, plain(made.Name), plain(made.Workspace))
			}}, err
		},
	}
}

func (s shelf) listVerb() *verb {
	return &verb{
		use: "list", short: "List " + s.what + "s",
		example: s.exampleOf("list"),
		run: func(t *task) (answer, error) {
			document, rows, err := s.list(t.ctx, t.service, t.call)
			return answer{document: document, text: func(p *page) { s.listRows(p, rows) }}, err
		},
	}
}

func (s shelf) listRows(p *page, rows []manage.ProjectView) {
	if len(rows) == 0 {
		p.line("No %ss.", s.what)
		return
	}
	table := make([][]string, 0, len(rows))
	for _, row := range rows {
		table = append(table, []string{row.Name, ago(row.CreatedAt, p.now)})
	}
	p.table([]column{{head: "NAME"}, {head: "CREATED"}}, table)
}

func (s shelf) deleteVerb() *verb {
	return &verb{
		use: "delete NAME", short: "Delete a " + s.what, changes: true,
		long: s.advice, example: s.exampleOf("delete " + s.sample + " --yes"),
		confirm: func(t *task) (string, error) {
			_, rows, err := s.list(t.ctx, t.service, t.call)
			if err != nil {
				return "", err
			}
			if !slices.ContainsFunc(rows, func(row manage.ProjectView) bool { return row.Name == t.args[0] }) {
				return "", noSuch(s.what)
			}
			return fmt.Sprintf("Delete %s %s? %s", s.what, t.args[0], s.advice), nil
		},
		run: func(t *task) (answer, error) {
			name := t.args[0]
			gone := struct {
				Name    string `json:"name"`
				Deleted bool   `json:"deleted"`
			}{name, true}
			err := s.remove(t.ctx, t.service, t.call, name)
			return answer{document: gone, text: func(p *page) { p.line("Deleted %s %s.", s.what, plain(name)) }}, err
		},
	}
}
