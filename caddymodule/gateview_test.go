package caddymodule

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
)

const gatesFile = `http://api.example.com:8080 {
	keystile {
		route GET /v1/projects read:projects
		route GET,POST /v1/projects/{project}/* {
			any_of read:projects write:projects
			project {project}
			rate_limit live 10/s burst 20
			quota 1000/day
			cost 5
			paths loose
			jwt pass
		}
		mode observe
	}
	handle /second/* {
		keystile {
			workspace acme
			environment test
			credential header X-Api-Key
		}
	}
	handle_errors {
		keystile
	}
}
http://:8081 {
	keystile
	keystile
}
`

func TestTheGatesOfAFileAreToldWithTheirTables(t *testing.T) {
	t.Parallel()
	adapted, err := adapt("Caddyfile", []byte(gatesFile))
	if err != nil {
		t.Fatal(err)
	}
	none, bearerOnly := []string{}, []string{"bearer"}
	open := manage.GateView{Mode: "enforce", Default: "allow", Environments: none, Credentials: bearerOnly, Routes: []manage.RouteView{}}
	at := func(place, address string) manage.GateView {
		view := open
		view.Place, view.Address = place, address
		return view
	}
	second := at(":8080 api.example.com /second/*", "")
	second.Workspace, second.Environments, second.Credentials = "acme", []string{"test"}, []string{"header X-Api-Key"}
	first := at(":8080 api.example.com", "http://api.example.com:8080")
	first.Mode, first.Default = "observe", "deny"
	first.Routes = []manage.RouteView{
		{Methods: []string{"GET"}, Path: "/v1/projects", Scopes: []string{"read:projects"}, AnyOf: none, Environments: none, Limits: none, Cost: 1, JWT: "reject"},
		{
			Methods: []string{"GET", "POST"}, Path: "/v1/projects/{project}/*", Scopes: none, AnyOf: []string{"read:projects", "write:projects"},
			Project: "{project}", Environments: none, Limits: []string{"live 10/s burst 20", "live 1000/day"}, Cost: 5, PathsLoose: true, JWT: "pass",
		},
	}
	want := []manage.GateView{
		first, second, at(":8080 errors api.example.com", ""), at(":8081", "http://localhost:8081"), at(":8081 #2", "http://localhost:8081"),
	}
	if diff := cmp.Diff(want, gateViewsIn(adapted, &Config{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
