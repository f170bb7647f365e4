package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A command that leaves files of its own beside the database of a gate that
// runs as somebody else would lock the gate out.
func TestCommandsStopAtTheDatabaseOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	g := setup(t, options{driver: "sqlite"})
	g.key()
	if status := g.stop(); status != 0 {
		t.Fatalf("the gate ended with %d", status)
	}
	const somebody = 54321
	if err := os.Chown(g.db, somebody, somebody); err != nil {
		t.Fatal(err)
	}
	rows := filepath.Join(g.dir, "keys.csv")
	if err := os.WriteFile(rows, []byte("digest,algorithm,name\nab,sha256,Old key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := beside(t, g.db)
	for _, args := range [][]string{{"keys", "list"}, {"keys", "create", "New key"}, {"audit"}, {"import", rows}, {"import", rows, "--create"}} {
		done := g.cli(args...)
		if !done.failed(1, g.db+" belongs to user 54321, and this runs as root") {
			t.Errorf("%v: %+v", args, done)
		}
	}
	if after := beside(t, g.db); after != before {
		t.Errorf("%s is beside the database, where %s was", after, before)
	}
	if err := os.Chown(g.db, 0, 0); err != nil {
		t.Fatal(err)
	}
	g.must(nil, "keys", "list")
}

// beside lists the files of a database.
func beside(t *testing.T, database string) string {
	t.Helper()
	files, err := filepath.Glob(database + "*")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(files, " ")
}

func TestCommandsDoNotSucceedWhereNobodyReadsWhatTheyPrint(t *testing.T) {
	g := setup(t, options{})
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	reader, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	reader.Close()
	for name, out := range map[string]*os.File{"a full disk": full, "a closed pipe": closed} {
		for line, says := range map[string]string{
			"keys list":           "the answer can't be printed: ",
			"keys create New_key": "is made, and its secret can't be shown again: delete it, and make another",
			"keys list --json":    "the answer can't be printed: ",
		} {
			args := slices.Concat(g.program.manage, strings.Fields(line), []string{"--config", g.config})
			done := g.runAs(func(cmd *exec.Cmd) { cmd.Stdout = out }, args...)
			if !done.failed(1, says) || strings.Contains(done.err, "ks_live_") {
				t.Errorf("%s, %s: %+v", name, line, done)
			}
		}
	}
}

// shim is what bash-completion's library would do for the script.
const shim = `
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
_init_completion() { _get_comp_words_by_ref; }
compopt() { :; }
source <("$1" completion bash)
shift
COMP_WORDS=("$@" "") COMP_CWORD=$# COMP_LINE="$* " COMP_POINT=$((${#COMP_LINE})) COMPREPLY=()
__start_keystile
echo "${COMPREPLY[*]}"
`

func TestShellsCompleteTheCommands(t *testing.T) {
	g := prepare(t, options{})
	if len(g.program.manage) > 0 {
		t.Skip("the script is named after the program")
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if done := g.run("completion", shell); done.status != 0 || !strings.Contains(done.out, "keystile") {
			t.Errorf("%s: exit status %d: %s", shell, done.status, done.err)
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	for line, want := range map[string]string{
		"keys":                          "activity create deactivate delete edit list reactivate revoke rotate show usage",
		"tokens":                        "create delete list",
		"keys list --status":            "active inactive revoked expired",
		"keys create x --kind":          "personal project ci",
		"keystile keys edit x --status": "active inactive",
	} {
		words := append([]string{"-c", shim, "bash", g.program.path, g.program.path}, strings.Fields(line)...)
		out, err := exec.Command(bash, words...).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: offers %q (%v), want %q", line, out, err, want)
		}
	}
}
