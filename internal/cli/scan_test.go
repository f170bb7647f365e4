package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// leak is a folder with an active key, a revoked one, a token, and a key that
// nobody knows.
type leak struct {
	*fixture
	dir                    string
	alive, ended, stranger keys.Secret
	token                  keys.Secret
	id                     keys.ID
}

func setupLeak(t *testing.T) *leak {
	t.Helper()
	l := &leak{fixture: setup(t), dir: t.TempDir()}
	by := manage.Call{Actor: manage.CommandActor("ann")}
	made, err := l.manager.CreateKey(t.Context(), by, manage.NewKey{Name: "Nightly export"})
	if err != nil {
		t.Fatal(err)
	}
	l.alive, l.id = made.Secret, made.ID
	if made, err = l.manager.CreateKey(t.Context(), by, manage.NewKey{Name: "An old one"}); err != nil {
		t.Fatal(err)
	}
	l.ended = made.Secret
	if _, err := l.manager.RevokeKey(t.Context(), by, made.ID, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	token, err := l.manager.CreateToken(t.Context(), by, manage.NewToken{Name: "deploy"})
	if err != nil {
		t.Fatal(err)
	}
	format, err := l.readFormat("")
	if err != nil {
		t.Fatal(err)
	}
	l.token, l.stranger = token.Secret, format.Mint(keys.Test)
	l.write(t, "a.env", "KEY="+l.alive.Reveal()+"\nOLD="+l.ended.Reveal()+"\n")
	l.write(t, "b.env", "TOKEN="+l.token.Reveal()+"\nAGAIN="+l.alive.Reveal()+"\nTHEIRS="+l.stranger.Reveal()+"\n")
	return l
}

func (l *leak) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wideHead is as wide as the name of a folder that is another in each run.
var wideHead = regexp.MustCompile(`WHERE +`)

// scan runs a scan of the folder, which must not print a secret.
func (l *leak) scan(t *testing.T, args ...string) result {
	t.Helper()
	got := l.run(t, append([]string{"scan"}, args...)...)
	for _, secret := range []keys.Secret{l.alive, l.ended, l.stranger, l.token} {
		if strings.Contains(got.out+got.err, secret.Reveal()) {
			t.Errorf("%v printed a secret:\n%s%s", args, got.out, got.err)
		}
	}
	got.out = wideHead.ReplaceAllString(strings.ReplaceAll(got.out, l.dir, "DIR"), "WHERE  ")
	return got
}

func TestAScanSaysWhereSecretsAreAndWhichAreAlive(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	got := l.scan(t, l.dir)
	golden(t, "scan", got.out+got.err)
	if got.status != StatusFailed {
		t.Errorf("status %d", got.status)
	}
	got = l.scan(t, l.dir, "--json")
	golden(t, "scan_json", got.out)
	if got.status != StatusFailed || !json.Valid([]byte(got.out)) {
		t.Errorf("status %d, %s", got.status, got.out)
	}
}

func TestAScanOverTheAPISaysTheSame(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	here := l.scan(t, l.dir)
	address, token := l.serve(t)
	l.env = map[string]string{apiVariable: address, tokenVariable: token}
	if got := l.scan(t, l.dir); got != here {
		t.Errorf("over the API: %+v, want %+v", got, here)
	}
	got := l.scan(t, l.dir, "--revoke")
	if got.status != StatusFailed || !strings.Contains(got.out, "Revoked "+string(l.id)) || !strings.Contains(got.out, "Deleted the token") {
		t.Errorf("revoked over the API: %+v", got)
	}
}

func TestAScanThatFindsNothingSucceeds(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	l.input = "nothing here"
	golden(t, "scan_nothing", l.ok(t, "scan", "-"))
	golden(t, "scan_nothing_json", l.ok(t, "scan", "-", "--json"))
}

func TestAScanRevokesWhatIsAliveAndHasReceipts(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	got := l.scan(t, l.dir, "--revoke")
	golden(t, "scan_revoke", got.out+got.err)
	if got.status != StatusFailed {
		t.Errorf("status %d", got.status)
	}
	by := manage.Call{Actor: manage.CommandActor("ann")}
	key, err := l.manager.ShowKey(t.Context(), by, l.id)
	if err != nil || key.Status != keys.Revoked {
		t.Errorf("the key is %s, %v", key.Status, err)
	}
	tokens, err := l.manager.ListTokens(t.Context(), by, manage.TokenQuery{})
	if err != nil || len(tokens.Data) != 0 {
		t.Errorf("there are tokens: %+v, %v", tokens.Data, err)
	}
	got = l.scan(t, l.dir, "--revoke")
	golden(t, "scan_revoke_again", got.out+got.err)
}

func TestAScanOfAHistoryNamesTheCommit(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	l.input = "commit 0123456789abcdef0123456789abcdef01234567\nAuthor: Ann\n\n    Oops\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n one\n+" + l.alive.Reveal() + "\n"
	got := l.scan(t, "-")
	golden(t, "scan_history", got.out+got.err)
}

func TestAScanWithoutAStoreOnlySaysWhatItFound(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	for name, flags := range map[string][]string{"scan_offline": {"--offline"}, "scan_offline_json": {"--offline", "--json"}} {
		got := l.scan(t, append([]string{l.dir}, flags...)...)
		golden(t, name, got.out)
		if got.status != StatusFailed {
			t.Errorf("%v: status %d", flags, got.status)
		}
	}
	if len(l.opened) > 0 {
		t.Errorf("it opened %v", l.opened)
	}
}

func TestAScanWhoseStoreFailsTellsWhatItFound(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	if err := l.store.Close(); err != nil {
		t.Fatal(err)
	}
	got := l.scan(t, l.dir)
	if got.status != StatusFailed || !strings.Contains(got.out, "a.env:1") || !strings.Contains(got.err, "4 secrets were found") || !strings.Contains(got.err, "ask whose the secrets are") {
		t.Errorf("%+v", got)
	}
}

func TestAScanOfWhatCanNotBeReadIsNotClean(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	got := l.run(t, "scan", filepath.Join(t.TempDir(), "nowhere"))
	if got.status != StatusFailed || strings.Count(got.err, "\n") != 2 || !strings.Contains(got.err, "nowhere can't be read: no such file") {
		t.Errorf("%+v", got)
	}
}

func TestAScanKnowsPrefixesOfTheConfigurationAndOfItsFlag(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	l.accepted = []keys.Prefix{{Text: "sk-old-", Environment: keys.Live, Unchecked: true}}
	other, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "acme_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.input = "sk-old-0123456789abcdef\n" + other.Mint(keys.Live).Reveal()
	for flag, want := range map[string]int{"--offline": 1, "--prefix=acme_": 2, "--prefix=acme_,sk-old-": 2} {
		var doc struct{ Found []foundSecret }
		got := l.run(t, "scan", "-", "--json", "--offline", flag)
		if err := json.Unmarshal([]byte(got.out), &doc); err != nil || len(doc.Found) != want {
			t.Errorf("%s: %+v, %v, want %d", flag, doc, err, want)
		}
	}
}

func TestAScanRefusesFlagsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	l := setupLeak(t)
	for _, args := range [][]string{
		{}, {l.dir, "--revoke", "--offline"}, {l.dir, "--wait", "5s"}, {l.dir, "--revoke", "--wait", "soon"}, {l.dir, "--prefix", "a b"},
	} {
		if got := l.scan(t, args...); got.status != StatusBadUsage || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := l.scan(t, l.dir, "--config", "nowhere"); got.status != StatusFailed {
		t.Errorf("with a configuration that isn't there: %+v", got)
	}
}
