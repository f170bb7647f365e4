package cli

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is a session of commands. $1 stands for the ID that the first create
// printed, and so on.
const script = `
projects create apollo
projects create apollo
profiles create very-strict
keys create New_key --scopes read,write --expires 90d --metadata team=blue
keys create ci-key --environment test --scopes read --project apollo --kind ci --description words --profile very-strict --plan big
keys create no
keys create good --scopes fly
keys create good --project nobodys
keys create good --expires soon
keys list
keys list --json
keys list --environment test --status active --project apollo --owner nobody --search ci
keys list --limit 1
keys list --limit 1 --all --json
keys list --limit 5000
keys list --cursor nonsense
keys list --status glorious
keys show $1
keys show $2 --json
keys show key_nobody
keys edit $1 --name Renamed --scopes read --reason tidy
keys edit $1 --scopes read,write
keys edit $2 --status inactive --expires never --allowed-ips 127.0.0.1,10.0.0.0/8 --profile= --json
keys edit $2 --profile nobodys
keys edit $2 --status glorious
keys reactivate $2
keys rotate $1 --grace 1h
keys rotate $1
keys rotate $2 --grace 0s --json
keys usage $1
keys usage $1 --by time --from 7d --json
keys usage $1 --by color
keys usage $1 --from yesterday
keys revoke $1 --reason leaked
keys revoke $1 --json
keys revoke $1 --wait 1s
keys revoke $1 --wait soon
keys reactivate $1
keys delete $1
keys delete $1 --yes
keys delete $1 --yes
keys delete $2 --yes --json
tokens create deploy --expires 2027-01-01
tokens create deploy --json
tokens create ops --all-workspaces
tokens list
tokens list --json
tokens list --all-workspaces
tokens delete tok_nobody
tokens delete tok_nobody --yes
workspaces create acme --plan free
workspaces create acme
workspaces create acme2 --plan gold
workspaces edit acme --plan big --json
workspaces edit acme --plan gold
workspaces edit nobodys --plan big
keys create of_acme --workspace acme
keys list --workspace acme
keys list --workspace nobodys
profiles list
profiles delete very-strict
profiles delete very-strict --yes
profiles list --json
projects list
projects list --json
projects delete nobodys --yes
projects delete apollo --yes
plans list
plans list --json
scopes list
scopes list --json
audit
audit --key $1
audit --action key.revoke --json
audit --actor nobody
audit --limit 2
audit --from yesterday
`

// play runs the script and returns all that was printed.
func (f *fixture) play(t *testing.T, flags ...string) string {
	t.Helper()
	var said strings.Builder
	var made []string
	for line := range strings.Lines(strings.TrimSpace(script)) {
		f.now = f.now.Add(time.Second)
		line = strings.TrimSpace(line)
		args := strings.Fields(line)
		for i, arg := range args {
			if number, ok := strings.CutPrefix(arg, "$"); ok {
				args[i] = made[number[0]-'1']
			}
		}
		got := f.run(t, append(args, flags...)...)
		fmt.Fprintf(&said, "$ keystile %s\n%s%s", line, got.out, got.err)
		if got.status != 0 {
			fmt.Fprintf(&said, "exit status %d\n", got.status)
		}
		said.WriteString("\n")
		if id := firstID.FindString(got.out); id != "" && args[0] == "keys" && args[1] == "create" {
			made = append(made, id)
		}
	}
	return said.String()
}

var firstID = regexp.MustCompile(`key_\w+`)

// alike are what is random in a transcript, or tells who asked and by what way.
var alike = []struct {
	what *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`\b(key_|tok_)[0-9A-Za-z]{22}`), "${1}ID"},
	{regexp.MustCompile(`\baud_\w+`), "aud_ID"},
	{regexp.MustCompile(`\b(ks_live_|ks_test_|kst_)[0-9A-Za-z]{3}…[0-9A-Za-z]{4}`), "${1}abc…wxyz"},
	{regexp.MustCompile(`\b(ks_live_|ks_test_|kst_)[0-9A-Za-z]{36}`), "${1}SECRET"},
	{regexp.MustCompile(`(--cursor |"next_cursor": ")[\w-]{9,}`), "${1}CURSOR"},
	{regexp.MustCompile(`(command|operator):ann( \(tok_ID\))?`), "ACTOR"},
	{regexp.MustCompile(`"client": "[\d.]*"`), `"client": "ADDRESS"`},
	{regexp.MustCompile(`https?://[\w.:-]+/v1/keys`), "https://ADMIN/v1/keys"},
	{regexp.MustCompile(` {2,}`), "  "}, // columns are as wide as what was random in them
	{regexp.MustCompile(`(?m) +$`), ""},
}

func normalise(text string) string {
	for _, row := range alike {
		text = row.what.ReplaceAllString(text, row.is)
	}
	return text
}

func TestStoreAndAPIAnswerAlike(t *testing.T) {
	t.Parallel()
	store, api := setup(t), setup(t)
	store.operator(t)
	address, token := api.serve(t)
	here := normalise(store.play(t))
	there := normalise(api.play(t, "--api", address, "--token", token))
	if diff := cmp.Diff(here, there); diff != "" {
		t.Errorf("(-store +API):\n%s", diff)
	}
	if len(api.opened) > 0 {
		t.Errorf("the API's session opened %q", api.opened)
	}
	goldenText(t, "script", here)
}
