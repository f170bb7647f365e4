package e2e

// docPage says what a page needs besides what every page gets.
type docPage struct {
	place  func(*docPlace)            // makes what is there before the reader begins
	scenes map[string]func(*docPlace) // what happens before the blocks under a heading (# …), or a command, by how it begins
	says   []string                   // pairs: what the page says, and what is meant here ($SITE, $DESK, $ADMIN, $UPSTREAM, $DIR)
	env    []string                   // variables, as NAME=VALUE
	kinds  map[string]docKind         // languages that mean something else on this page
	ends   map[string]int             // commands, by how they begin (behind their heading and a colon, or without), that don't end with 0
	unrun  []unrun
}

// unrun is a command that is not run, by how it begins. A shell reads it all
// the same, and what it calls of ours has to be there.
type unrun struct{ starts, why string }

// unrunAnywhere is what no page's test can run.
var unrunAnywhere = []unrun{
	{"make ", "that is what runs this"},
	{"go test ", "that is what runs this"},
}

var goInstall = unrun{"go install ./cmd/keystile", "the tests have built what it builds"}

var docRules = map[string]docPage{
	"README.md": {
		says:   []string{"go run ./cmd/keystile", "keystile"},
		scenes: map[string]func(*docPlace){"export KEYSTILE_API": withAdminSite},
		kinds: map[string]docKind{
			"text": picture,
		},
		unrun: []unrun{goInstall},
	},
	"CONTRIBUTING.md": {kinds: map[string]docKind{"text": wantFolders}},

	"docs/getting-started.md": {
		says:  []string{"localhost:9000", "$DESK"}, // the page's own
		unrun: []unrun{goInstall},
	},

	"docs/drop-in.md": {scenes: map[string]func(*docPlace){
		"sqlite3 -csv":       withOldTable,
		"# Kong's key-auth":  withOldGate,
		"# A middleware of":  withOldGate,
		"# A `map` in nginx": withOldGate,
	}},
	"docs/concepts.md": {kinds: map[string]docKind{"text": picture}},

	"docs/api.md": {kinds: map[string]docKind{
		"sh":   claimed("TestTheExamplesOfTheAPIPageRun", callsOfAPIPage),
		"http": claimed("TestTheExamplesOfTheAPIPageRun", callsOfAPIPage),
		"text": claimed("TestTheAPIPageIsCurrent", one),
	}},
	"docs/commands.md": {place: withDeskAndKey, kinds: map[string]docKind{
		"console": claimed("TestCommandsPageIsCurrent", all),
		"text":    claimed("TestCommandsPageIsCurrent", all),
	}},
	"docs/health.md":   {place: withDeskAndKey, kinds: map[string]docKind{"yaml": probe}},
	"docs/import.md":   {place: withForeignKeys, ends: map[string]int{"keystile import broken.csv": 1}},
	"docs/peppers.md":  {place: withDroppedPepper, ends: map[string]int{"keystile keys list": 1}},
	"docs/postgres.md": postgresPage,
	"docs/runbook.md":  runbookPage,
	"docs/running.md":  runningPage,
	"docs/upgrade.md":  {place: withDeskAndKey, says: []string{"sudo -u keystile ", ""}}, // whoever runs the test

	"docs/events.md": {
		kinds: map[string]docKind{"caddyfile": claimed("TestTheExampleOfEventsTellsWhoRevokedWhatAndWhy", one)},
		unrun: []unrun{{"xcaddy build", "the module that it adds comes from elsewhere; its example runs with a handler of the tests in its place"}},
	},

	"docs/neighbours/nginx.md":   {kinds: map[string]docKind{"nginx": claimed("TestNginxAsksAsItsPageSays", one)}},
	"docs/neighbours/traefik.md": {kinds: map[string]docKind{"toml": claimed("TestTraefikAsksAsItsPageSays", one)}},
	"docs/neighbours/haproxy.md": {kinds: map[string]docKind{
		"lua":     claimed("TestHAProxyAsksAsItsPageSays", one),
		"haproxy": claimed("TestHAProxyAsksAsItsPageSays", one),
	}},
	"examples/README.md": {place: withExamples, env: []string{"LISTEN=$SITE", "ADMIN=$DESK", "UPSTREAM=$UPSTREAM"}},
}
