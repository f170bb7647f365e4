package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

const commandsPage = "../../docs/commands.md"

const commandsHead = `# Commands

<!-- Generated from internal/cli by "make docs". What is shown here was run, activity, explain and revoke beside made-up gates. -->

` + "`keystile`" + ` is Caddy with Keystile in it: ` + "`run`, `reload`, `validate`, `fmt`" + ` and the rest of [Caddy's
commands](https://caddyserver.com/docs/command-line) are there, ` + "`quickstart`" + ` sets up something to try, and the
commands below manage keys. In another build of Caddy, write ` + "`caddy keystile keys list`" + `.

**Where they work.** On the store of a configuration, beside a gate that runs or none:

` + "```sh" + `
keystile keys list --config /etc/keystile/Caddyfile     # ./Caddyfile unless stated
` + "```" + `

or, from anywhere, over the management API of a gate, with a token of ` + "`keystile tokens create`" + `:

` + "```sh" + `
export KEYSTILE_API=https://admin.example.com KEYSTILE_TOKEN=kst_…
keystile keys list
` + "```" + `

What a command prints is the same both ways. A flag wins over the environment. Others on the machine can read a command
line in the list of processes, so a token is better kept in the environment, or read from standard input:
` + "`--token - < token`" + `. A command that works on a store runs as the user whom the store's file belongs to, and says so
otherwise: files that it leaves beside the database would lock the gate out. What the API changes is in force at once on the
gate that serves it; what a command changes in a store, on every gate within half a second.

**What they print.** For people: tables as wide as the terminal (` + "`COLUMNS`" + `, where that is set, else what the terminal
says), in full where the output goes to a file or a pipe. With ` + "`--json`" + `: one document with the names of the API, times as
RFC 3339 has them. A secret is printed once, when it is made.

**How they fail.** One line on standard error, and an exit status:

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused, or failed, such as for a name that is too short; a change that was refused changed nothing |
| 2 | bad usage: no such command or flag, a missing argument, or a value that isn't of its flag's kind, such as ` + "`--expires soon`" + ` |
| 3 | ` + "`keys revoke --wait` and `scan --revoke --wait`" + `: revoked, but a gateway had not confirmed it in time |

` + "`scan`" + ` ends with 1 where it found something, so that a pipeline stops.

Deleting asks first; without a terminal to ask on, it does nothing and says so, and with ` + "`--yes`" + ` it doesn't ask.

**Completion.** ` + "`keystile completion bash`" + ` (or zsh, fish, powershell) prints a script that completes commands, flags, and
the words that flags take; ` + "`keystile completion --help`" + ` says where to put it.

`

func TestCommandsPageIsCurrent(t *testing.T) {
	file, err := filepath.Abs(commandsPage)
	if err != nil {
		t.Fatal(err)
	}
	want := renderCommands(t)
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/commands.md is stale: run `make docs` (-want +got):\n%s", diff)
	}
}

func renderCommands(t *testing.T) []byte {
	t.Helper()
	d := setupDocs(t)
	var page bytes.Buffer
	page.WriteString(commandsHead)
	for i, cmd := range commandsOf(Program{}) {
		if i == 0 {
			fmt.Fprintf(&page, "Every command takes these flags, but for `migrate`; `import` works on a store only, and takes no others than the first three. `doctor` needs `--config` alone.\n\n```text\n%s```\n", cmd.PersistentFlags().FlagUsages())
		}
		d.describe(&page, cmd)
	}
	return append(bytes.TrimRight(page.Bytes(), "\n"), '\n')
}

// documented is a fixture whose commands make examples.
type documented struct {
	*fixture
	t       *testing.T
	history string // what git prints
}

func setupDocs(t *testing.T) *documented {
	t.Helper()
	f := setupWith(t, manage.Catalogue{
		Scopes: map[string]string{"read:projects": "Read project data", "write:projects": "Create and update projects"},
		Plans:  map[string]manage.Plan{"free": {MaxKeys: 10}, "pro": {}}, DefaultPlan: "pro",
	})
	f.sites = Sites{Admin: "https://admin.example.com", Try: func(manage.KeyView) string { return "https://api.example.com/" }}
	f.over = &sampled{f.manager}
	f.width, f.examine = 100, sampleChecks
	d := &documented{fixture: f, t: t}
	f.ok(t, "projects", "create", "apollo")
	f.ok(t, "profiles", "create", "calm")
	t.Chdir(t.TempDir())
	sum := sha256.Sum256([]byte("an old secret"))
	d.file("keys.csv", "digest,algorithm,name,scopes\n"+hex.EncodeToString(sum[:])+",sha256,Old key,read:projects\nabc,sha256,Broken,\n")
	d.file("keys.jsonl", `{"digest":"`+hex.EncodeToString(sum[:])+`","algorithm":"hmac-sha256","name":"Older key"}`+"\n")
	d.file("old.key", "the key of the other system\n")
	return d
}

// leak has a key stand in a file and in a history.
func (d *documented) leak() {
	d.t.Helper()
	made, err := d.manager.CreateKey(d.t.Context(), manage.Call{Actor: manage.CommandActor("ann")}, manage.NewKey{Name: "Leaked"})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.Mkdir("src", 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.file("src/export.py", "import os\n\nKEY = \""+made.Secret.Reveal()+"\"\n")
	d.history = "commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567\n\n    Export nightly\n\ndiff --git a/src/export.py b/src/export.py\n" +
		"--- /dev/null\n+++ b/src/export.py\n@@ -0,0 +1,3 @@\n+import os\n+\n+KEY = \"" + made.Secret.Reveal() + "\"\n"
}

func (d *documented) file(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// sampled answers what needs a gate that runs.
type sampled struct{ *manage.Manager }

func (*sampled) KeyActivity(context.Context, manage.Call, keys.ID, manage.ActivityQuery) (manage.ActivityView, error) {
	return manage.ActivityView{Data: []manage.CallView{
		{Time: hour(0), Method: "GET", Route: "GET /v1/projects", Status: 200, Outcome: "allowed", Client: "192.0.2.7"},
		{Time: hour(1), Method: "POST", Route: "POST /v1/projects", Status: 403, Outcome: "insufficient_scope", Client: "192.0.2.7"},
	}}, nil
}

func (*sampled) ExplainRequest(_ context.Context, _ manage.Call, ask manage.Question) (manage.Explained, error) {
	var then *manage.RecordedDenial
	if ask.RequestID != "" {
		ask.KeyID, ask.Method, ask.Path = "key_3xTn7qLcVd0Yb5wRk8Zs1", "GET", "/v1/projects"
		then = &manage.RecordedDenial{
			RequestID: ask.RequestID, Time: hour(1), Gate: ":443 api.example.com", Method: ask.Method, Path: ask.Path, Route: "GET /v1/projects",
			KeyID: ask.KeyID, Client: "192.0.2.7", Status: http.StatusTooManyRequests, Outcome: "rate_limited", Steps: []manage.ExplainedStep{
				{Step: "target", Passed: true}, {Step: "route", Passed: true, Detail: "GET /v1/projects"}, {Step: "credential", Passed: true},
				{Step: "key", Passed: true, Detail: string(ask.KeyID)}, {Step: "limits", Code: "rate_limited"},
			},
		}
	}
	told := manage.Explained{Outcome: "allowed", KeyID: ask.KeyID, Recorded: then, Notes: []string{}, Steps: []manage.ExplainedStep{
		{Step: "target", Passed: true, Detail: "one reading"},
		{Step: "route", Passed: true, Detail: ask.Method + " " + ask.Path},
		{Step: "credential", Passed: true, Detail: "one"},
		{Step: "key", Passed: true, Detail: string(ask.KeyID)},
		{Step: "status", Passed: true, Detail: "active"},
		{Step: "environment", Passed: true, Detail: "live"},
		{Step: "workspace", Passed: true, Detail: "default"},
		{Step: "listed", Passed: true},
		{Step: "route's environment", Passed: true, Detail: "live"},
		{Step: "project", Passed: true, Detail: `the key's "", the request's ""`},
	}}
	if ask.Method == http.MethodPost {
		told.Outcome, told.Message = "insufficient_scope", "This key may not call POST /v1/projects: it lacks write:projects."
		told.Steps = append(told.Steps, manage.ExplainedStep{Step: "scopes", Code: told.Outcome, Detail: "lacks write:projects"})
		return told, nil
	}
	told.Steps = append(told.Steps,
		manage.ExplainedStep{Step: "scopes", Passed: true, Detail: "has read:projects"},
		manage.ExplainedStep{Step: "address", Passed: true, Detail: "none is stated"},
		manage.ExplainedStep{Step: "quotas", Passed: true, Detail: "0 asked"},
		manage.ExplainedStep{Step: "limits", Passed: true, Detail: "cost 1; live: 187 of 200 left"},
	)
	return told, nil
}

func (s *sampled) RevokeKey(ctx context.Context, call manage.Call, id keys.ID, ask manage.Revocation) (manage.RevokedKey, error) {
	revoked, err := s.Manager.RevokeKey(ctx, call, id, manage.Revocation{Reason: ask.Reason})
	revoked.Receipt = manage.Receipt{Revision: 7, Nodes: 2, Confirmed: true}
	return revoked, err
}

func (*sampled) ReportRefusals(context.Context, manage.Call, manage.ReportQuery) (manage.ReportView, error) {
	return sampleReport(), nil
}

func (*sampled) ListGates(context.Context, manage.Call) (manage.GatesView, error) {
	return sampleGates(), nil
}

// ListWorkspaces makes the default one as old as the examples: its store made it
// by the clock on the wall.
func (s *sampled) ListWorkspaces(ctx context.Context, call manage.Call) (manage.Page[manage.WorkspaceView], error) {
	rows, err := s.Manager.ListWorkspaces(ctx, call)
	for i := range rows.Data {
		if rows.Data[i].Name == "default" {
			rows.Data[i].CreatedAt = hour(72)
		}
	}
	return rows, err
}

// describe writes a command and those below it.
func (d *documented) describe(page *bytes.Buffer, cmd *cobra.Command) {
	d.t.Helper()
	if cmd.HasSubCommands() {
		fmt.Fprintf(page, "\n## keystile %s\n\n%s.\n", cmd.Name(), cmd.Short)
		for _, sub := range cmd.Commands() {
			d.describeVerb(page, "###", "keystile "+cmd.Name()+" "+strings.TrimSuffix(sub.Use, " [flags]"), sub)
		}
		return
	}
	d.describeVerb(page, "##", "keystile "+strings.TrimSuffix(cmd.Use, " [flags]"), cmd)
}

func (d *documented) describeVerb(page *bytes.Buffer, level, title string, cmd *cobra.Command) {
	d.t.Helper()
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(page, "\n%s %s\n\n%s\n", level, title, text)
	if flags := cmd.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(page, "\n```text\n%s```\n", flags)
	}
	if cmd.Example == "" {
		d.t.Errorf("%s has no example", title)
	}
	for line := range strings.Lines(cmd.Example) {
		line = strings.TrimSpace(line)
		fmt.Fprintf(page, "\n```console\n$ %s\n%s```\n", line, d.example(line))
	}
}

// example runs one line of an example, on a key or a token that it makes for
// it.
func (d *documented) example(line string) string {
	d.t.Helper()
	f := d.fixture
	if strings.Contains(line, "key_…") {
		id := f.create(d.t, "Nightly export", "--scopes", "read:projects,write:projects", "--owner", "ann")
		if strings.Contains(line, " usage ") {
			f.use(d.t, keys.ID(id))
		}
		line = strings.ReplaceAll(line, "key_…", id)
	}
	if strings.Contains(line, "tok_…") {
		id, _ := f.document(d.t, "tokens", "create", "deploy")["id"].(string)
		line = strings.ReplaceAll(line, "tok_…", id)
	}
	if strings.Contains(line, "keystile scan") && d.history == "" {
		d.leak()
	}
	if _, piped, found := strings.Cut(line, " | "); found {
		line, f.input = piped, d.history
	}
	f.now = f.now.Add(time.Minute)
	got := f.run(d.t, words(line)[1:]...)
	if got.status != 0 && !strings.HasPrefix(line, "keystile import") && !strings.HasPrefix(line, "keystile scan") {
		d.t.Errorf("%s: %+v", line, got)
	}
	return sums64.ReplaceAllString(steadied(got.err+got.out), "${1}xxxxxxxxxxxxxxxx\n")
}

// sums64 are the first half of a sum over what is random.
var sums64 = regexp.MustCompile(`( )[0-9a-f]{16}\n`)

// words splits a line as a shell does, as far as examples go.
func words(line string) (all []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}
