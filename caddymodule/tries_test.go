package caddymodule

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

const sitesToTry = `{
	keystile {
		scope read
		scope write
		scope_alias old-write write
	}
}
acme.example.com {
	keystile {
		workspace acme
	}
}
test.example.com {
	keystile {
		environment test
		route GET /healthz public
		route GET /v1/projects/{id} read
	}
}
api.example.com {
	keystile {
		environment live
		route GET /healthz public
		route POST /v1/notes
		route GET "/v1/odd name" read
		route GET /v1/of/{project} read
		route GET /v1/sandbox {
			environment test
		}
		route GET,POST /v1/both read write
		route GET /v1/any {
			any_of read write
		}
		route * /v1/files/* write
		route GET /V1/admin
		route GET /v1/admin all
	}
}
`

// Whoever just made a key tries the line that is printed below it.
func TestTheLineToTryNamesWhatTheKeyMayCallOrNoPath(t *testing.T) {
	t.Parallel()
	live := func(scopes ...string) manage.KeyView {
		return manage.KeyView{Workspace: "default", Environment: keys.Live, Scopes: scopes}
	}
	open := "a.example.com {\n keystile {\n  route GET /one one\n  route POST /two\n  default allow\n }\n}"
	ofProject := "a.example.com {\n keystile {\n  route GET /x {\n   project {http.request.header.X-Project}\n  }\n }\n}"
	for name, row := range map[string]struct {
		caddyfile string
		key       manage.KeyView
		want      string
	}{
		"any path":                 {sitesToTry, manage.KeyView{Workspace: "acme", Environment: keys.Test}, "https://acme.example.com/"},
		"only paths with names":    {sitesToTry, manage.KeyView{Workspace: "default", Environment: keys.Test, Scopes: []string{"read"}}, "https://test.example.com/YOUR-PATH"},
		"no scope at all":          {sitesToTry, live(), "https://api.example.com/YOUR-PATH"},
		"one of the scopes":        {sitesToTry, live("read"), "https://api.example.com/v1/any"},
		"all of the scopes":        {sitesToTry, live("write", "read"), "https://api.example.com/v1/both"},
		"the scope that holds all": {sitesToTry, live("all"), "https://api.example.com/v1/both"},
		"a scope's old name":       {sitesToTry, live("old-write"), "https://api.example.com/v1/any"},
		"whatever follows":         {"a.example.com {\n keystile {\n  route GET /v1/files/*\n }\n}", live(), "https://a.example.com/v1/files/"},
		"not what reads alike":     {"a.example.com {\n keystile {\n  route GET /Admin\n  route GET /admin all\n  route GET /x\n }\n}", live(), "https://a.example.com/x"},
		"what no route lists":      {open, live(), "https://a.example.com/"},
		"what a route lists":       {open, live("one"), "https://a.example.com/one"},
		"no project in the line":   {ofProject, live(), "https://a.example.com/x"},
		"of one project":           {ofProject, manage.KeyView{Environment: keys.Live, Project: "apollo"}, "https://a.example.com/YOUR-PATH"},
		"another workspace's":      {"a.example.com {\n keystile {\n  workspace acme\n }\n}", live("all"), ""},
		"another environment's":    {"a.example.com {\n keystile {\n  environment test\n }\n}", live("all"), ""},
		"no gate":                  {"a.example.com {\n keystile_admin\n}", live("all"), ""},
	} {
		adapted, err := adapt("Caddyfile", []byte(row.caddyfile))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		app, err := appIn("Caddyfile", adapted)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := servedIn(adapted, &app.Config).try(row.key); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
