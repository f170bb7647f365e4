package dashboard

// route is one address and what answers there.
type route struct {
	pattern string
	run     func(*visit) error
	// open: whoever isn't signed in is answered, too.
	open bool
	// refreshes: a page asks by itself, and nobody uses the session by that.
	refreshes bool
}

const (
	atWorkspace = "/w/{workspace}/"
	atKey       = atWorkspace + "keys/{id}"
	atProject   = atWorkspace + "projects/{name}"
	atProfile   = atWorkspace + "profiles/{name}"
	atToken     = atWorkspace + "tokens/{name}"
)

// routes are all pages. What changes something is a POST, and nothing else is.
var routes = []route{
	{pattern: "/", run: func(*visit) error { return nothingHere() }, open: true},
	{pattern: "GET /assets/{name}", run: serveAsset, open: true},
	{pattern: "GET /shown.svg", run: forgetPage, open: true},
	{pattern: "GET /{$}", run: home},
	{pattern: "GET /sign-in", run: showSignIn, open: true},
	{pattern: "POST /sign-in", run: signIn, open: true},
	{pattern: "POST /sign-out", run: signOut, open: true},

	{pattern: "GET " + atWorkspace + "keys", run: listKeys},
	{pattern: "GET " + atWorkspace + "keys.csv", run: exportKeys},
	{pattern: "GET " + atWorkspace + "keys.json", run: refreshKeys, refreshes: true},
	{pattern: "GET " + atWorkspace + "new-key", run: showNewKey},
	{pattern: "POST " + atWorkspace + "new-key", run: createKey},
	{pattern: "GET " + atKey, run: showKey},
	{pattern: "GET " + atKey + "/refresh.json", run: refreshKey, refreshes: true},
	{pattern: "GET " + atKey + "/secret", run: showSecret},
	{pattern: "GET " + atKey + "/edit", run: showEdit},
	{pattern: "POST " + atKey + "/edit", run: editKey},
	{pattern: "GET " + atKey + "/{deed}", run: confirmDeed},
	{pattern: "POST " + atKey + "/{deed}", run: doDeed},

	{pattern: "GET " + atWorkspace + "usage", run: showUsage},
	{pattern: "GET " + atWorkspace + "audit", run: showAudit},
	{pattern: "GET " + atWorkspace + "projects", run: showProjects},
	{pattern: "POST " + atWorkspace + "projects", run: createNamed("project", createProject)},
	{pattern: "GET " + atProject + "/delete", run: confirmRemoval("projects")},
	{pattern: "POST " + atProject + "/delete", run: doRemoval("projects")},
	{pattern: "POST " + atWorkspace + "profiles", run: createNamed("profile", createProfile)},
	{pattern: "GET " + atProfile + "/delete", run: confirmRemoval("profiles")},
	{pattern: "POST " + atProfile + "/delete", run: doRemoval("profiles")},
	{pattern: "GET " + atWorkspace + "tokens", run: showTokens},
	{pattern: "POST " + atWorkspace + "tokens", run: createToken},
	{pattern: "GET " + atToken + "/secret", run: showTokenSecret},
	{pattern: "GET " + atToken + "/delete", run: confirmRemoval("tokens")},
	{pattern: "POST " + atToken + "/delete", run: doRemoval("tokens")},
	{pattern: "GET " + atWorkspace + "plan", run: showPlan},
	{pattern: "POST " + atWorkspace + "plan", run: changePlan},

	{pattern: "GET /switch", run: switchWorkspace},
	{pattern: "GET /workspaces", run: showWorkspaces},
	{pattern: "POST /workspaces", run: createWorkspace},
}
