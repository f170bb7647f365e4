package cli

import (
	"regexp"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// work fills the database with some of everything, and returns the ID of a key
// with every field set.
func (f *fixture) work(t *testing.T) string {
	t.Helper()
	f.ok(t, "projects", "create", "apollo")
	f.ok(t, "workspaces", "create", "second", "--plan", "free")
	f.create(t, "plain key")
	f.now = f.now.Add(time.Hour)
	id := f.create(t, "A key with a rather long name", "--environment", "test", "--scopes", "read, write", "--project", "apollo",
		"--expires", "90d", "--kind", "ci", "--description", "two\nlines", "--owner", "bob", "--plan", "big",
		"--allowed-ips", "127.0.0.1,10.0.0.0/8")
	f.now = f.now.Add(2 * time.Minute)
	gone := f.create(t, "gone <b>&")
	f.ok(t, "keys", "revoke", gone, "--reason", "leaked")
	f.use(t, keys.ID(id))
	f.now = f.now.Add(3 * 24 * time.Hour)
	return id
}

// use stores what a gate would have counted.
func (f *fixture) use(t *testing.T, id keys.ID) {
	t.Helper()
	hour := f.now.Truncate(time.Hour)
	err := f.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: 1, Cells: []storage.UsageCell{
		{KeyID: id, Hour: hour, Endpoint: "GET /v1/projects", Project: "apollo", Outcome: "2xx", Count: 1200, Last: f.now},
		{KeyID: id, Hour: hour.Add(-time.Hour), Endpoint: "POST /v1/projects", Outcome: "2xx", Count: 7, Last: hour.Add(-time.Minute)},
		{KeyID: id, Hour: hour, Endpoint: "POST /v1/projects", Outcome: "rate_limited", Denied: true, Count: 3, Last: f.now},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPeopleAndProgramsReadTheSame(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.work(t)
	for name, args := range map[string][]string{
		"keys_list":        {"keys", "list"},
		"keys_list_page":   {"keys", "list", "--limit", "2"},
		"keys_list_none":   {"keys", "list", "--owner", "nobody"},
		"keys_show":        {"keys", "show", id},
		"keys_usage":       {"keys", "usage", id},
		"keys_usage_place": {"keys", "usage", id, "--by", "project"},
		"keys_usage_time":  {"keys", "usage", id, "--by", "time", "--from", "7d"},
		"keys_usage_none":  {"keys", "usage", id, "--to", "2026-01-01"},
		"tokens_list_none": {"tokens", "list"},
		"projects_list":    {"projects", "list"},
		"projects_none":    {"projects", "list", "--workspace", "second"},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, f.ok(t, args...))
			golden(t, name+"_json", f.ok(t, append(args, "--json")...))
		})
	}
}

// The default workspace is as old as its database, by the clock on the wall.
func TestWorkspacesAreListedWithTheirPlan(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.work(t)
	out := f.ok(t, "workspaces", "list")
	if !regexp.MustCompile(`^NAME +PLAN +CREATED\ndefault +big +.*\nsecond +free +3 days ago\n$`).MatchString(out) {
		t.Errorf("printed\n%s", out)
	}
	rows, _ := f.document(t, "workspaces", "list")["data"].([]any)
	if len(rows) != 2 || rows[1].(map[string]any)["plan"] != "free" {
		t.Errorf("listed %v", rows)
	}
}

func TestWhatIsMadeIsToldAndItsSecretShownOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	golden(t, "keys_create", f.ok(t, "keys", "create", "New key", "--scopes", "read,write", "--expires", "90d"))
	golden(t, "keys_create_json", f.ok(t, "keys", "create", "New key", "--json"))
	golden(t, "keys_create_bare", f.ok(t, "keys", "create", "no rights"))
	golden(t, "tokens_create", f.ok(t, "tokens", "create", "deploy"))
	golden(t, "tokens_create_all", f.ok(t, "tokens", "create", "ops", "--all-workspaces", "--expires", "2027-01-01"))
	f.now = f.now.Add(time.Second) // lists go by time
	golden(t, "tokens_create_json", f.ok(t, "tokens", "create", "ops", "--all-workspaces", "--json"))
	golden(t, "tokens_list", f.ok(t, "tokens", "list"))
	golden(t, "tokens_list_all", f.ok(t, "tokens", "list", "--all-workspaces"))
	golden(t, "workspaces_create", f.ok(t, "workspaces", "create", "acme"))
	golden(t, "workspaces_create_json", f.ok(t, "workspaces", "create", "emca", "--plan", "free", "--json"))
	golden(t, "projects_create", f.ok(t, "projects", "create", "apollo", "--workspace", "acme"))
	golden(t, "projects_create_json", f.ok(t, "projects", "create", "gemini", "--json"))
	id := f.create(t, "to revoke")
	golden(t, "keys_revoke", f.ok(t, "keys", "revoke", id))
	golden(t, "keys_revoke_json", f.ok(t, "keys", "revoke", id, "--json"))
}

func TestHelpIsOursAndSucceeds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	golden(t, "help_keys", f.ok(t, "keys", "--help"))
	golden(t, "help_keys_create", f.ok(t, "keys", "create", "--help"))
	golden(t, "help_tokens_delete", f.ok(t, "tokens", "delete", "-h"))
	if len(f.opened) != 0 {
		t.Errorf("help opened %q", f.opened)
	}
}

func TestTimesAreToldAsPeopleDo(t *testing.T) {
	t.Parallel()
	const month = 30 * day
	for span, want := range map[time.Duration]string{
		0: "a moment ago", 499 * time.Millisecond: "a moment ago", time.Second: "1 second ago", 59 * time.Second: "59 seconds ago",
		time.Minute: "1 minute ago", 89 * time.Second: "1 minute ago", 90 * time.Second: "2 minutes ago",
		time.Hour: "1 hour ago", time.Hour - time.Millisecond: "1 hour ago", 47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago", 3 * month: "90 days ago",
		800 * day: "2 years ago", -time.Millisecond: "in a moment", -90*day + time.Millisecond: "in 90 days", -time.Hour: "in 1 hour",
		-36500 * day: "in 100 years",
	} {
		if got := ago(start.Add(-span), start); got != want {
			t.Errorf("%v is told as %q, want %q", span, got, want)
		}
	}
}

func TestTerminalsShowTextAndObeyNone(t *testing.T) {
	t.Parallel()
	if got := plain("a\x1b[31mb\u202ec\r\n\u0085d\te"); got != "a[31mbc d e" {
		t.Errorf("printed %q", got)
	}
	p := &page{}
	p.line("made %s\nby %s", "key_1\x1b[2J", "a\r")
	if got := p.out.String(); got != "made key_1[2J\nby a\n" {
		t.Errorf("wrote %q", got)
	}
	if got := cutText("日本語の名前", 7); got != "日本語…" {
		t.Errorf("cut to %q", got)
	}
}
