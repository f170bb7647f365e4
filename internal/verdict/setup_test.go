package verdict_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/verdict"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// asked is one request to a site, with the key that it presents.
type asked struct {
	key          keys.Key
	site         policy.Site
	routes       []*policy.Route
	method, path string
	project      string
	elsewhere    bool
	client       string
	now          time.Time
}

// setup is a request that passes each check because it was made, not because
// there is nothing to check.
func setup() *asked {
	return &asked{
		key: keys.Key{
			ID: "key_1", Status: keys.Active, ExpiresAt: noon.Add(time.Second), Environment: keys.Live, Workspace: "acme",
			Project: "apollo", Scopes: []string{"read"}, AllowedIPs: []string{"192.0.2.0/24"},
		},
		site: policy.Site{Workspace: "acme", Environments: []keys.Environment{keys.Live}},
		routes: []*policy.Route{
			{Methods: []string{"GET"}, Pattern: "/v1/{project}", Scopes: []string{"read"}, Project: "{project}"},
			{Methods: []string{"GET"}, Pattern: "/v1/{project}/*", Scopes: []string{"read"}, Project: "{project}"},
		},
		method: "GET", path: "/v1/apollo", project: "apollo", client: "192.0.2.7", now: noon,
	}
}

// judge returns the verdict's code; empty where the request passes.
func (a *asked) judge(t testing.TB) string {
	t.Helper()
	table, err := policy.NewTable(a.routes)
	if err != nil {
		t.Fatal(err)
	}
	principal, err := verdict.NewPrincipal(&a.key)
	if err != nil {
		t.Fatal(err)
	}
	site, client := a.site, netip.Addr{}
	site.Table = table
	if a.client != "" {
		client = netip.MustParseAddr(a.client)
	}
	var match policy.Match
	table.Find(a.method, a.path, &match)
	return string(verdict.Judge(principal, &verdict.Facts{
		Now: a.now, Site: &site, Match: &match, Method: a.method, Project: a.project, ProjectElsewhere: a.elsewhere, Client: client,
	}))
}

func words(text string) []string { return strings.Fields(text) }
