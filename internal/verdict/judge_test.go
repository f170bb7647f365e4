package verdict_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/verdict"
)

// defects spoil a request, in the order in which they are to be told.
var defects = []struct {
	code  string
	spoil func(*asked)
}{
	{"revoked_key", func(a *asked) { a.key.Status = keys.Revoked }},
	{"expired_key", func(a *asked) { a.key.ExpiresAt = a.now }},
	{"inactive_key", func(a *asked) {
		if a.key.Status == keys.Active { // a key has one stored status: revoked stays revoked
			a.key.Status = keys.Inactive
		}
	}},
	{"environment_not_allowed", func(a *asked) { a.key.Environment = keys.Test }},
	{"workspace_mismatch", func(a *asked) { a.key.Workspace = "other" }},
	{"route_not_allowed", func(a *asked) { a.path = "/v2" }},
	{"project_mismatch", func(a *asked) { a.key.Project = "voyager" }},
	{"insufficient_scope", func(a *asked) { a.key.Scopes = []string{"write"} }},
	{"ip_not_allowed", func(a *asked) { a.client = "198.51.100.1" }},
}

func TestTheFirstDefectIsTheAnswerWhateverElseIsWrong(t *testing.T) {
	t.Parallel()
	for set := range 1 << len(defects) {
		a, want := setup(), ""
		for i := range defects {
			if set&(1<<i) == 0 {
				continue
			}
			defects[i].spoil(a)
			if want == "" {
				want = defects[i].code
			}
		}
		if got := a.judge(t); got != want {
			t.Errorf("rule 5: with defects %0*b: %q, want %q", len(defects), set, got, want)
		}
	}
}

func TestAKeyIsGoodWhileItsStatusSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  keys.Status
		expires time.Time
		want    string
	}{
		"active for good":                 {keys.Active, time.Time{}, ""},
		"active until later":              {keys.Active, noon.Add(time.Microsecond), ""},
		"RACE-04 expired at this instant": {keys.Active, noon, "expired_key"},
		"RACE-04 expired before":          {keys.Active, noon.Add(-time.Hour), "expired_key"},
		"inactive":                        {keys.Inactive, time.Time{}, "inactive_key"},
		"inactive and expired":            {keys.Inactive, noon, "expired_key"},
		"revoked":                         {keys.Revoked, time.Time{}, "revoked_key"},
		"revoked and expired":             {keys.Revoked, noon, "revoked_key"},
		"DATA-04 no status":               {"", time.Time{}, "revoked_key"},
		"DATA-04 an unknown status":       {"pending", time.Time{}, "revoked_key"},
		"DATA-04 another case":            {"Active", time.Time{}, "revoked_key"},
		"DATA-04 stored as expired":       {keys.Expired, time.Time{}, "expired_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := setup()
			a.key.Status, a.key.ExpiresAt = c.status, c.expires
			if got := a.judge(t); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestASiteTakesKeysOfItsEnvironmentsAndWorkspace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*asked)
		want   string
	}{
		"CRED-13 test key on a live site":   {func(a *asked) { a.key.Environment = keys.Test }, "environment_not_allowed"},
		"CRED-13 live key on a test site":   {func(a *asked) { a.site.Environments = []keys.Environment{keys.Test} }, "environment_not_allowed"},
		"DATA-04 key without environment":   {func(a *asked) { a.key.Environment = "" }, "environment_not_allowed"},
		"a site of both":                    {func(a *asked) { a.site.Environments = keys.Environments; a.key.Environment = keys.Test }, ""},
		"a site that names none":            {func(a *asked) { a.site.Environments = nil; a.key.Environment = keys.Test }, ""},
		"a key of another workspace":        {func(a *asked) { a.site.Workspace = "globex" }, "workspace_mismatch"},
		"a key of a workspace in capitals":  {func(a *asked) { a.key.Workspace = "ACME" }, "workspace_mismatch"},
		"a site of all workspaces":          {func(a *asked) { a.site.Workspace = "" }, ""},
		"DATA-04 a key without a workspace": {func(a *asked) { a.key.Workspace = "" }, "workspace_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := setup()
			c.change(a)
			if got := a.judge(t); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatIsNotListedIsRefusedUnlessTheSiteSaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, method, path string
		allow            bool
		want             string
	}{
		{"PATH-12", "GET", "/v2/new", false, "route_not_allowed"},
		{"PATH-12", "GET", "/v2/new", true, ""},
		{"METH-01", "HEAD", "/v1/apollo", false, ""},
		{"METH-03", "TRACE", "/v1/apollo", false, "route_not_allowed"},
		{"METH-03", "TRACE", "/v1/apollo", true, "route_not_allowed"},
		{"METH-03", "CONNECT", "/v2", true, "route_not_allowed"},
		{"METH-04", "get", "/v1/apollo", false, "route_not_allowed"},
		{"METH-04", "get", "/v1/apollo", true, "route_not_allowed"},
		{"METH-04", "FOO", "/v2", true, "route_not_allowed"},
		{"METH-04", "", "/v2", true, "route_not_allowed"},
		{"rule 3", "POST", "/v1/apollo", false, "route_not_allowed"},
		{"rule 3", "POST", "/v1/apollo", true, ""},
	} {
		a := setup()
		a.key.Scopes = []string{keys.ScopeAll}
		a.method, a.path, a.site.DefaultAllow = c.method, c.path, c.allow
		if got := a.judge(t); got != c.want {
			t.Errorf("%s: %s %s under default allow %v: %q, want %q", c.id, c.method, c.path, c.allow, got, c.want)
		}
	}
}

func TestScopesAreAllNeededAndOneOfTheAlternatives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		holds, all, anyOf string
		passes            bool
	}{
		{"", "", "", true},
		{"", "a", "", false},
		{"a", "a b", "", false},
		{"b a c", "a b", "", true},
		{"", "", "x y", false},
		{"y", "", "x y", true},
		{"a y", "a", "x y", true},
		{"a", "a", "x y", false},
		{"x", "a", "x y", false},
		{"all", "a b", "x y", true},
		{"ALL", "a", "", false},
		{"A", "a", "", false},
		{"ab", "a", "", false},
		{"a", "all", "", false},
		{"all", "all", "", true},
	} {
		a := setup()
		a.key.Scopes = words(c.holds)
		a.routes[0].Scopes, a.routes[0].AnyOf = words(c.all), words(c.anyOf)
		want := ""
		if !c.passes {
			want = "insufficient_scope"
		}
		if got := a.judge(t); got != want {
			t.Errorf("MGMT-03: a key with %q, where %q and one of %q are needed: %q", c.holds, c.all, c.anyOf, got)
		}
	}
}

func TestAKeyStaysWithinItsProject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ofKey, ofPath string
		elsewhere     bool
		want          string
	}{
		"its own":                                   {"apollo", "apollo", false, ""},
		"another":                                   {"apollo", "voyager", false, "project_mismatch"},
		"another in capitals":                       {"apollo", "APOLLO", false, "project_mismatch"},
		"another with parameters":                   {"apollo", "apollo;x", false, "project_mismatch"},
		"none that can be read":                     {"apollo", "", false, "project_mismatch"},
		"any, for a key of the workspace":           {"", "voyager", false, ""},
		"none, for a key of the workspace":          {"", "", false, ""},
		"another workspace's":                       {"", "voyager", true, "workspace_mismatch"},
		"another workspace's, by restricted key":    {"apollo", "voyager", true, "workspace_mismatch"},
		"PATH-13 that may be another's: parameters": {"", "voyager;x=1", false, "project_mismatch"},
		"PATH-13 that may be another's: dot":        {"", "voyager.", false, "project_mismatch"},
		"PATH-13 that may be another's: space":      {"", "voyager ", false, "project_mismatch"},
		"PATH-04 that may be another's: slash":      {"", "voyager/x", false, "project_mismatch"},
		"PATH-07 that may be another's: escape":     {"", "voy%61ger", false, "project_mismatch"},
		"PATH-05 that may be another's: backslash":  {"", `voyager\x`, false, "project_mismatch"},
		"PATH-08 that may be another's: query":      {"", "voyager?x", false, "project_mismatch"},
		"an odd name that the key is restricted to": {"v1.", "v1.", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := setup()
			a.key.Project, a.project, a.elsewhere = c.ofKey, c.ofPath, c.elsewhere
			if got := a.judge(t); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestARouteWithoutAProjectTakesKeysOfAny(t *testing.T) {
	t.Parallel()
	a := setup()
	a.routes[0].Project, a.project = "", ""
	if got := a.judge(t); got != "" {
		t.Errorf("%q", got)
	}
	a.path, a.site.DefaultAllow = "/v2", true
	if got := a.judge(t); got != "" {
		t.Errorf("without a route: %q", got)
	}
}

func TestAVariantOfAPathNeedsWhatThePathNeeds(t *testing.T) {
	t.Parallel()
	a := setup()
	a.key.Project, a.project = "", ""
	a.routes = []*policy.Route{
		{Methods: words("GET"), Pattern: "/v1/*", Scopes: words("read")},
		{Methods: words("GET"), Pattern: "/v1/admin", Scopes: words("admin")},
		{Methods: words("GET"), Pattern: "/v1/either", AnyOf: words("x y")},
		{Methods: words("GET"), Pattern: "/v1/of/{project}", Project: "{project}"},
	}
	for _, c := range []struct{ id, path, holds, want string }{
		{"PATH-13", "/v1/admin", "read", "insufficient_scope"},
		{"PATH-13", "/v1/admin", "admin", ""},
		{"PATH-13", "/v1/admin/", "read", "insufficient_scope"},
		{"PATH-13", "/v1/admin/", "admin", "insufficient_scope"},
		{"PATH-13", "/v1/admin/", "admin read", ""},
		{"PATH-14", "/v1/ADMIN", "read", "insufficient_scope"},
		{"PATH-14", "/v1/ADMIN", "admin read", ""},
		{"PATH-14", "/v1/EITHER", "read", "insufficient_scope"},
		{"PATH-14", "/v1/EITHER", "read y", ""},
		{"PATH-14", "/V1/ADMIN", "all", "route_not_allowed"},
		{"PATH-14 project", "/v1/of/apollo", "read", ""},
		{"PATH-14 project", "/v1/OF/apollo", "all", "project_mismatch"},
	} {
		a.path, a.key.Scopes = c.path, words(c.holds)
		if got := a.judge(t); got != c.want {
			t.Errorf("%s: %s with %q: %q, want %q", c.id, c.path, c.holds, got, c.want)
		}
	}
	a.site.DefaultAllow = true
	for path, want := range map[string]string{"/V1/admin": "insufficient_scope", "/V2/admin": ""} {
		a.path, a.key.Scopes = path, words("read")
		if got := a.judge(t); got != want {
			t.Errorf("PATH-14: %s under default allow: %q, want %q", path, got, want)
		}
	}
}

func TestAVariantOfTheSameProjectIsJudgedByItsProject(t *testing.T) {
	t.Parallel()
	a := setup()
	a.routes = append(a.routes, &policy.Route{Methods: words("GET"), Pattern: "/v1/{project}/settings", Scopes: words("read"), Project: "{project}"})
	a.path = "/v1/apollo/Settings"
	if got := a.judge(t); got != "" {
		t.Errorf("its own: %q", got)
	}
	a.project = "voyager"
	if got := a.judge(t); got != "project_mismatch" {
		t.Errorf("another's: %q", got)
	}
}

func TestMissingScopesAreNamed(t *testing.T) {
	t.Parallel()
	table, err := policy.NewTable([]*policy.Route{
		{Methods: words("GET"), Pattern: "/*", Scopes: words("read list"), AnyOf: words("x y")},
		{Methods: words("GET"), Pattern: "/admin", Scopes: words("read admin"), AnyOf: words("x z")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, holds, want string }{
		{"/admin", "", "[read admin] [read admin] [x z]"},
		{"/admin", "read", "[read admin] [admin] [x z]"},
		{"/admin", "read admin z", "[read admin] [] []"},
		{"/ADMIN", "read", "[read list admin] [list admin] [x y x z]"},
		{"/ADMIN", "all", "[read list admin] [] []"},
		{"", "read", "[] [] []"},
	} {
		var m policy.Match
		table.Find("GET", c.path, &m)
		required, missing, anyOf := verdict.Missing(words(c.holds), &policy.Site{}, &m)
		if got := fmt.Sprint(required, missing, anyOf); got != c.want {
			t.Errorf("%q with %q: %s, want %s", c.path, c.holds, got, c.want)
		}
	}
}

func TestJudgingDoesNotAllocate(t *testing.T) { // not parallel: it counts allocations
	a := setup()
	table, err := policy.NewTable(a.routes)
	if err != nil {
		t.Fatal(err)
	}
	principal, err := verdict.NewPrincipal(&a.key)
	if err != nil {
		t.Fatal(err)
	}
	var m policy.Match
	table.Find(a.method, a.path, &m)
	facts := verdict.Facts{Now: noon, Site: &a.site, Match: &m, Method: a.method, Project: "apollo"}
	if n := testing.AllocsPerRun(100, func() { verdict.Judge(principal, &facts) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAPrincipalIsWhatItsKeySays(t *testing.T) {
	t.Parallel()
	a := setup()
	a.key.Lineage, a.key.Owner, a.key.Profile, a.key.Plan = "key_0", "ann", "gold", "pro"
	p, err := verdict.NewPrincipal(&a.key)
	if err != nil {
		t.Fatal(err)
	}
	got := keys.Key{
		ID: p.ID, Lineage: p.Lineage, Owner: p.Owner, Status: p.Status, Environment: p.Environment, Scopes: p.Scopes,
		Workspace: p.Workspace, Project: p.Project, Profile: p.Profile, Plan: p.Plan, ExpiresAt: a.key.ExpiresAt, AllowedIPs: a.key.AllowedIPs,
	}
	if diff := cmp.Diff(a.key, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPrincipalExpiresWhenItsKeyDoes(t *testing.T) {
	t.Parallel()
	for _, end := range []time.Time{{}, noon, time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
		for _, status := range []keys.Status{keys.Active, keys.Inactive, keys.Revoked} {
			k := keys.Key{Status: status, ExpiresAt: end}
			p, err := verdict.NewPrincipal(&k)
			if err != nil {
				t.Fatal(err)
			}
			for _, now := range []time.Time{noon, end, end.Add(-1), end.Add(time.Hour), end.Add(-time.Hour)} {
				if got, want := p.StatusAt(now), k.StatusAt(now); got != want {
					t.Errorf("a key that expires at %v is %q at %v, want %q", end, got, now, want)
				}
			}
		}
	}
}
