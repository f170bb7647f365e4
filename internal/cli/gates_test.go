package cli

import (
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// sampleGates are two gates, with what was called beside their routes.
func sampleGates() manage.GatesView {
	return manage.GatesView{
		Gates: []manage.GateView{
			{
				Place: ":443 api.example.com", Address: "https://api.example.com", Mode: "enforce", Default: "deny",
				Environments: []string{"live", "test"}, Credentials: []string{"bearer", "header X-Api-Key"},
				Routes: []manage.RouteView{
					{Methods: []string{"GET"}, Path: "/healthz", Public: true, Cost: 1, JWT: "reject"},
					{Methods: []string{"GET"}, Path: "/v1/projects", Scopes: []string{"read:projects"}, Cost: 1, JWT: "reject"},
					{
						Methods: []string{"GET", "POST"}, Path: "/v1/projects/{project}/*", AnyOf: []string{"read:projects", "write:projects"},
						Project: "{project}", Limits: []string{"live 10/s burst 20", "live 1000/day"}, Cost: 5, PathsLoose: true, JWT: "pass", Environments: []string{"live"},
					},
				},
			},
			{Place: ":8443", Mode: "observe", Default: "allow", Workspace: "acme", Credentials: []string{"bearer"}},
		},
		Unlisted: []manage.UnlistedView{
			{Gate: ":443 api.example.com", Endpoint: "GET /v2/projects/{}", Outcome: "route_not_allowed", Calls: 41, Last: hour(1)},
			{Gate: ":443 api.example.com", Endpoint: "POST /v1/export", Outcome: "route_not_allowed", Calls: 2, Last: hour(3)},
		},
	}
}

func TestRoutesAreToldWithWhatWasCalledBesideThem(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = &sampled{f.manager}
	golden(t, "routes", f.ok(t, "routes"))
	golden(t, "routes_json", f.ok(t, "routes", "--json"))
	f.over = nil
	if got := f.ok(t, "routes"); got != "There is no gate.\n" {
		t.Errorf("without any: %q", got)
	}
}
