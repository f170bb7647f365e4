package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func TestARevocationSaysHowFarItHasGot(t *testing.T) {
	t.Parallel()
	all := manage.Receipt{Revision: 7, Nodes: 3, Confirmed: true, ConfirmedAt: ptr(start)}
	some := manage.Receipt{Revision: 7, Nodes: 3, Pending: []string{"node-1", "node-3"}}
	for name, row := range map[string]struct {
		receipt manage.Receipt
		args    []string
		status  int
		out     string
		err     string
	}{
		"no node":             {manage.Receipt{Confirmed: true}, nil, 0, "No gateway is running: it is refused from the next start on.", ""},
		"one node":            {manage.Receipt{Confirmed: true, Nodes: 1}, []string{"--wait", "5s"}, 0, "The gateway refuses it.", ""},
		"all nodes":           {all, []string{"--wait", "5s"}, 0, "All 3 gateways refuse it.", ""},
		"one, dead":           {manage.Receipt{Confirmed: true, Nodes: 1, Silent: []string{"node-1"}}, []string{"--wait", "5s"}, 0, "No gateway is heard of: what ran has ended, or refuses every key by now. The next start refuses it.", ""},
		"some dead":           {manage.Receipt{Confirmed: true, Nodes: 3, Silent: []string{"node-1", "node-3"}}, nil, 0, "1 of 3 gateways refuse it. The others aren't heard of: they have ended, or refuse every key by now: node-1, node-3.", ""},
		"some, not waited":    {some, nil, 0, "Gateways follow in a moment; --wait waits for them.", ""},
		"some, waited":        {some, []string{"--wait", "5s"}, StatusUnconfirmed, "Not all of 3 gateways have confirmed it.", "keystile: key_1 is revoked, but not every gateway confirmed it within 5s: node-1, node-3\n"},
		"some, waited, names": {manage.Receipt{Nodes: 1}, []string{"--wait", "0s"}, StatusUnconfirmed, "Not all of 1 gateways", "keystile: key_1 is revoked, but not every gateway confirmed it within 0s\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.over = &fake{revoked: row.receipt}
			for _, form := range [][]string{nil, {"--json"}} {
				args := append(append([]string{"keys", "revoke", "key_1"}, row.args...), form...)
				got := f.run(t, args...)
				if got.status != row.status || got.err != row.err {
					t.Errorf("%v: status %d, err %q", args, got.status, got.err)
				}
				if form == nil && !strings.Contains(got.out, row.out) || form != nil && !strings.HasPrefix(got.out, "{") {
					t.Errorf("%v: out %q", args, got.out)
				}
			}
		})
	}
}

func TestDeletingAsksAboutWhatIsThere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.terminal, f.input = true, "n\n"
	f.ok(t, "projects", "create", "apollo")
	f.ok(t, "profiles", "create", "very strict")
	key := f.create(t, "Nightly \u202eexport")
	token, _ := f.document(t, "tokens", "create", "deploy")["id"].(string)
	operator, _ := f.document(t, "tokens", "create", "ops", "--all-workspaces")["id"].(string)
	for _, row := range []struct {
		args []string
		asks string
		gone string
	}{
		{[]string{"keys", "delete", key}, `Delete ` + key + ` "Nightly export" (active, last used: never)?`, "Deleted " + key + ".\n"},
		{[]string{"tokens", "delete", token}, `Delete ` + token + ` "deploy"?`, "Deleted " + token + ".\n"},
		{[]string{"tokens", "delete", operator}, `Delete ` + operator + ` "ops"?`, "Deleted " + operator + ".\n"},
		{[]string{"projects", "delete", "apollo"}, "Delete project apollo?", "Deleted project apollo.\n"},
		{[]string{"profiles", "delete", "very strict"}, "Delete profile very strict?", "Deleted profile very strict.\n"},
	} {
		f.terminal, f.input = true, "n\n"
		got := f.run(t, row.args...)
		if got.status != StatusFailed || got.out != "" || !strings.HasPrefix(got.err, row.asks) || !strings.HasSuffix(got.err, "[y/N] keystile: nothing was done\n") {
			t.Errorf("%v, no: %+v", row.args, got)
		}
		f.terminal = false
		got = f.run(t, row.args...)
		if got.status != StatusFailed || got.err != "keystile: "+errNoTerminal.Error()+"\n" {
			t.Errorf("%v, nobody: %+v", row.args, got)
		}
		f.terminal, f.input = true, "yes\n"
		if got = f.run(t, row.args...); got.status != 0 || got.out != row.gone {
			t.Errorf("%v, yes: %+v", row.args, got)
		}
	}
}

func TestWhatIsNotThereIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.terminal, f.input = true, "yes\n"
	for line, what := range map[string]string{
		"keys delete key_nobody": "key", "tokens delete tok_nobody": "token", "projects delete nobodys": "project", "profiles delete nobodys": "profile",
	} {
		for _, more := range []string{"", " --yes"} {
			got := f.run(t, strings.Fields(line+more)...)
			if want := "keystile: There is no such " + what + " here.\n"; got.status != StatusFailed || got.err != want {
				t.Errorf("%s: %+v, want %q", line+more, got, want)
			}
		}
	}
}

// Without --yes, a deletion that can't be asked about does nothing, whatever
// keeps it from being asked.
func TestAFaultBeforeTheQuestionDeletesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.create(t, "New key")
	f.over = &broken{Service: f.manager}
	f.terminal, f.input = true, "yes\n"
	if got := f.run(t, "keys", "delete", id); got.status != StatusFailed || got.err != "keystile: disk on fire\n" {
		t.Errorf("%+v", got)
	}
}

func TestWhatCanNotBePrintedIsToldOnStandardError(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.out = fullDisk{}
	for line, says := range map[string]string{
		"keys list":               "keystile: the answer can't be printed: no space left\n",
		"projects create apollo":  "keystile: the answer can't be printed: no space left; what was asked for is done\n",
		"keys create whatever":    " is made, and its secret can't be shown again: delete it, and make another\n",
		"tokens create x --json":  " is made, and its secret can't be shown again: delete it, and make another\n",
		"keys list --json --all":  "keystile: the answer can't be printed: no space left\n",
		"workspaces create third": "; what was asked for is done\n",
	} {
		got := f.run(t, strings.Fields(line)...)
		if got.status != StatusFailed || !strings.HasSuffix(got.err, says) || strings.Contains(got.err, "ks_live_") {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A create is sent again where its answer was lost: then it is made, and
// nobody has its secret.
func TestALostSecretIsAFailure(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = &fake{made: manage.CreatedKey{KeyView: manage.KeyView{ID: "key_1", Name: "a key"}, Replayed: true}}
	got := f.run(t, "keys", "create", "a key", "--json")
	if got.status != StatusFailed || !strings.Contains(got.out, `"secret": null`) ||
		got.err != "keystile: the answer with the secret was lost on its way; key_1 is made, and its secret can't be shown again: delete it, and make another\n" {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "keys", "create", "a key"); got.status != StatusFailed || strings.Contains(got.out, "curl") {
		t.Errorf("%+v", got)
	}
}

func TestRefusalsSayWhatToDoAboutThem(t *testing.T) {
	t.Parallel()
	for says, refused := range map[string]problem.Problem{
		"This credential is not good for the management API, which takes management tokens (kst_…) and keys with the scope manage:api-keys. The token is malformed, deleted or expired: check --token or KEYSTILE_TOKEN.": {Code: problem.InvalidToken, RequestID: "r-1"},
		"It broke. (request r-2)":          {Code: problem.InternalError, Message: "It broke.", RequestID: "r-2"},
		"It broke.":                        {Code: problem.InternalError, Message: "It broke."},
		"name must be longer.":             {Code: problem.InvalidRequest, Message: "name must be longer.", RequestID: "r-3"},
		"This credential may not do this.": {Code: problem.NotPermitted},
	} {
		f := setup(t)
		f.over = &fake{err: &manage.Error{Problem: refused}}
		if got := f.run(t, "keys", "activity", "key_1"); got.err != "keystile: "+says+"\n" || got.status != StatusFailed {
			t.Errorf("%+v, want %q", got, says)
		}
	}
}
