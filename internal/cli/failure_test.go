package cli

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestFailuresAreOneLineAndAStatus(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.create(t, "a key")
	for _, row := range []struct {
		args   string
		status int
		says   string
	}{
		{"keys create good --scopes fly", 1, "keystile: --scopes must be of the configuration; \"fly\" is not; known are: all, manage:api-keys, read, write."},
		{"keys create good --project nobodys", 1, `keystile: --project must be registered in the workspace; "nobodys" is not: keystile projects create, or POST /v1/projects, does that.`},
		{"keys create good --profile strict", 1, `keystile: --profile must be registered in the workspace; "strict" is not: keystile profiles create, or POST /v1/profiles, does that.`},
		{"keys show key_nobody", 1, "keystile: There is no such key here."},
		{"keys revoke key_nobody", 1, "keystile: There is no such key here."},
		{"keys usage key_nobody", 1, "keystile: There is no such key here."},
		{"keys list --workspace nobodys", 1, "keystile: There is no such workspace here."},
		{"keys list --config nowhere", 1, "keystile: read nowhere: no such file"},
		{"keys list --config nowhere --json", 1, "keystile: read nowhere: no such file"},
		{"workspaces create default", 1, "keystile: There is a workspace of that name already."},
		{"tokens delete tok_nobody --yes", 1, "keystile: There is no such token here."},
		{"tokens delete tok_nobody", 1, "keystile: There is no such token here."},

		{"keys create", 2, "keystile: NAME is missing; see keystile keys create --help"},
		{"keys create two words", 2, "keystile: 1 argument(s) too many; quote a name that has spaces; see keystile keys create --help"},
		{"keys show", 2, "keystile: ID is missing; see keystile keys show --help"},
		{"keys list surplus", 2, "keystile: 1 argument(s) too many; quote a name that has spaces; see keystile keys list --help"},
		{"keys list --frobnicate x", 2, "keystile: unknown flag: --frobnicate; see keystile keys list --help"},
		{"keys create good --scope read", 2, "keystile: unknown flag --scope: did you mean --scopes?; see keystile keys create --help"},
		{"keys list --jsn", 2, "keystile: unknown flag --jsn: did you mean --json?; see keystile keys list --help"},
		{"keys list --limit many", 2, `keystile: invalid argument "many" for "--limit" flag: strconv.ParseInt: parsing "many": invalid syntax; see keystile keys list --help`},
		{"keys create good --metadata team", 2, `keystile: invalid argument "team" for "--metadata" flag: must be names and values, such as team=blue,tier=gold; see keystile keys create --help`},
		{"keys list --config", 2, "keystile: flag needs an argument: --config; see keystile keys list --help"},
		{"keys create ab", 1, "keystile: NAME must have 3 to 100 characters."},
		{"keys edit " + id + " --name ab", 1, "keystile: --name must have 3 to 100 characters."},
		{"workspaces create a/b", 1, "keystile: NAME must be 1 to 63 letters, digits, dots, hyphens and underscores, the first a letter or digit."},
		{"keys create good --expires soon", 2, "keystile: --expires " + ends + "; see keystile keys create --help"},
		{"keys create good --expires 0s", 1, "keystile: --expires " + ends + "."},
		{"keys create good --expires 40000d", 2, "keystile: --expires " + ends + "; see keystile keys create --help"},
		{"keys create good --expires 2020-01-01", 1, "keystile: --expires " + ends + "."},
		{"tokens create good --expires 2020-01-01", 1, "keystile: --expires " + ends + "."},
		{"keys edit " + id + " --expires=", 2, "keystile: --expires " + ends + ", or never; see keystile keys edit --help"},
		{"keys edit " + id + " --expires some-day", 2, "keystile: --expires " + ends + ", or never; see keystile keys edit --help"},
		{"keys create good --environment prod", 2, "keystile: --environment must be live or test; see keystile keys create --help"},
		{"keys create good --kind robot", 2, "keystile: --kind must be personal, project or ci; see keystile keys create --help"},
		{"keys create good --allowed-ips 1.2.3", 2, "keystile: --allowed-ips must be addresses or CIDR blocks, such as 192.0.2.7 or 10.0.0.0/8; number 1 is not; see keystile keys create --help"},
		{"keys list --status glorious", 2, "keystile: --status must be active, inactive, revoked or expired; see keystile keys list --help"},
		{"keys list --environment prod", 2, "keystile: --environment must be live or test; see keystile keys list --help"},
		{"keys list --limit 5000", 1, "keystile: --limit must be 1 to 1000."},
		{"keys list --limit 0", 1, "keystile: --limit must be 1 to 1000."},
		{"keys list --all --limit 0", 1, "keystile: --limit must be 1 to 1000."},
		{"keys list --limit -1", 1, "keystile: --limit must be 1 to 1000."},
		{"audit --limit 0", 1, "keystile: --limit must be 1 to 1000."},
		{"keys activity " + id + " --limit 0", 1, "keystile: --limit must be 1 to 100."},
		{"keys list --cursor nonsense", 1, "keystile: --cursor is none that a page of this list ended with."},
		{"keys activity " + id + " --limit 5000", 1, "keystile: --limit must be 1 to 100."},
		{"keys usage " + id + " --by color", 2, "keystile: --by must be endpoint, project, outcome, time or day; see keystile keys usage --help"},
		{"keys usage " + id + " --from yesterday", 2, "keystile: --from must be a time as RFC 3339 writes it, a date such as 2026-11-30, or how long ago, such as 7d; see keystile keys usage --help"},
		{"keys revoke " + id + " --wait soon", 2, "keystile: --wait must be a duration of at most 5m, such as 5s; see keystile keys revoke --help"},
		{"keys rotate " + id + " --grace soon", 2, "keystile: --grace must be a duration such as 24h, 30m or 0s; see keystile keys rotate --help"},
		{"audit --from yesterday", 2, "keystile: --from must be a time as RFC 3339 writes it, a date such as 2026-11-30, or how long ago, such as 7d; see keystile audit --help"},
		{"keys lst", 2, `keystile: keys has no command "lst" (did you mean list?); see keystile keys --help`},
		{"keys frobnicate", 2, `keystile: keys has no command "frobnicate"; see keystile keys --help`},
		{"keys frobnicate --config x --json", 2, `keystile: keys has no command "frobnicate"; see keystile keys --help`},
		{"keys frobnicate --wobble", 2, `keystile: keys has no command "frobnicate"; see keystile keys --help`},
	} {
		t.Run(row.args, func(t *testing.T) {
			got := f.run(t, strings.Fields(row.args)...)
			if got.status != row.status || got.out != "" || got.err != row.says+"\n" {
				t.Errorf("status %d, out %q, err %q; want %d and %q", got.status, got.out, got.err, row.status, row.says)
			}
		})
	}
}

func TestAGroupWithoutAVerbSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, group := range []string{"keys", "tokens", "workspaces", "projects"} {
		got := f.run(t, group)
		if got.status != StatusBadUsage || got.out != "" || !strings.Contains(got.err, "create") || !strings.Contains(got.err, "list") {
			t.Errorf("%s: status %d, out %q, err %q", group, got.status, got.out, got.err)
		}
	}
}

func TestFlagsMayStandBeforeTheVerb(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if out := f.ok(t, "keys", "--json", "--config", "other", "list"); !strings.HasPrefix(out, "{") {
		t.Errorf("printed %q", out)
	}
	f.ok(t, "keys", "list")
	if want := []string{"other", "Caddyfile"}; strings.Join(f.opened, " ") != strings.Join(want, " ") {
		t.Errorf("opened %q, want %q", f.opened, want)
	}
}

func TestEverySessionIsClosed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.ok(t, "keys", "list")
	f.run(t, "keys", "show", "key_nobody")
	if f.closed != len(f.opened) || f.closed != 2 {
		t.Errorf("%d sessions opened, %d closed", len(f.opened), f.closed)
	}
}

func TestDeletingAsksOnATerminal(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.terminal = true
	token := func() string {
		id, _ := f.document(t, "tokens", "create", "deploy")["id"].(string)
		return id
	}
	left := func() int {
		rows, _ := f.document(t, "tokens", "list")["data"].([]any)
		return len(rows)
	}
	id := token()
	for _, typed := range []string{"", "\n", "n\n", "no\n", "yesterday\n", "q"} {
		f.input = typed
		got := f.run(t, "tokens", "delete", id)
		if got.status != StatusFailed || got.out != "" || !strings.Contains(got.err, "[y/N]") || left() != 1 {
			t.Errorf("typed %q: %+v, %d left", typed, got, left())
		}
	}
	for _, typed := range []string{"y\n", "Yes\r\n", "y"} {
		f.input = typed
		got := f.run(t, "tokens", "delete", id)
		if got.status != 0 || got.out != "Deleted "+id+".\n" || left() != 0 {
			t.Errorf("typed %q: %+v, %d left", typed, got, left())
		}
		id = token()
	}
	if doc := f.document(t, "tokens", "delete", id, "--yes"); doc["id"] != id || doc["deleted"] != true {
		t.Errorf("deleted: %v", doc)
	}
}

func TestNobodyBehindAStreamIsNoTerminal(t *testing.T) {
	t.Parallel()
	nobody, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	file, err := os.CreateTemp(t.TempDir(), "typed")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	closed, err := os.CreateTemp(t.TempDir(), "closed")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, stream := range map[string]io.Reader{
		"the null device": nobody, "a file": file, "a closed file": closed, "a reader": strings.NewReader("y\n"),
	} {
		if isTerminal(stream) {
			t.Errorf("%s is taken for a terminal", name)
		}
	}
}

func TestASecretIsShownWhateverHappensAfterwards(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.closing = errors.New("disk on fire")
	got := f.run(t, "keys", "create", "New key")
	if got.status != StatusFailed || !strings.Contains(got.out, "ks_live_") || got.err != "keystile: close the store: disk on fire\n" {
		t.Errorf("%+v", got)
	}
}

func TestCommandsActForWhoeverRunsThem(t *testing.T) {
	t.Parallel()
	f := setup(t)
	doc := f.document(t, "keys", "create", "New key")
	if doc["created_by"] != "ann" || doc["owner"] != "ann" {
		t.Errorf("made by %v for %v", doc["created_by"], doc["owner"])
	}
	if got := commandsOf(Program{Open: f.open}); len(got) != 15 || got[0].Name() != "keys" {
		t.Errorf("commands: %v", got)
	}
}

func TestScopesWithASpaceAreToldTheComma(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const says = "; scopes are separated by commas: A,B.\n"
	if got := f.run(t, "keys", "create", "good", "--scopes", "read write"); got.status != StatusFailed || !strings.HasSuffix(got.err, says) {
		t.Errorf("%+v", got)
	}
}
