package scan_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

const (
	commits  = 1000
	plantIn  = 23 // each of so many commits brings a secret, and the next one takes it out
	decoyIn  = 7  // each of so many brings what looks like one
	fileRows = 40
)

// history is a repository, as git fast-import reads it.
type history struct {
	bytes.Buffer
	planted []string // secret and file:line, in the order of commits
	at      []int    // the commits, from 1
}

// data writes a blob.
func (h *history) data(text string) { fmt.Fprintf(h, "data %d\n%s\n", len(text), text) }

// newHistory plants secrets in commits of otherwise dull work.
func newHistory(f *fixture) *history {
	h := &history{}
	for i := 1; i <= commits; i++ {
		fmt.Fprintf(h, "commit refs/heads/main\ncommitter Ann <ann@example.com> %d +0000\n", 1_700_000_000+60*i)
		h.data(fmt.Sprintf("Change %d\n\nWith a word on why.\n", i))
		rows := make([]string, fileRows)
		for row := range rows {
			rows[row] = fmt.Sprintf("row %d of %d: %d", row, i%17, (row*i)%101)
		}
		if i%decoyIn == 0 {
			rows[3] = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST000000 ks_test_ kst_" + strings.Repeat("a", 36)
		}
		name := fmt.Sprintf("src/part%d/file.txt", i%17)
		if i%plantIn == 0 {
			secret := []string{f.secret(), f.format.Mint(keys.Test).Reveal(), keys.MintToken().Reveal()}[i%3]
			rows[20] = `password = "` + secret + `"`
			h.planted, h.at = append(h.planted, fmt.Sprintf("%s@%s:21", secret, name)), append(h.at, i)
		}
		fmt.Fprintf(h, "M 100644 inline %s\n", name)
		h.data(strings.Join(rows, "\n") + "\n")
	}
	return h
}

// git runs git in a folder, without anybody's settings.
func git(t *testing.T, dir string, in *bytes.Buffer, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "PATH=/usr/bin:/bin:/usr/local/bin"}
	if in != nil {
		cmd.Stdin = in
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func TestEachPlantedSecretOfAThousandCommitsIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	f := setup(t)
	h := newHistory(f)
	git(t, f.dir, nil, "init", "--quiet", "--initial-branch=main")
	git(t, f.dir, &h.Buffer, "fast-import", "--quiet")
	ids := strings.Fields(string(git(t, f.dir, nil, "rev-list", "--reverse", "main")))
	if len(ids) != commits {
		t.Fatalf("%d commits were made", len(ids))
	}
	text := git(t, f.dir, nil, "log", "-p", "main")
	began := time.Now()
	if err := f.History(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of %d commits with %d secrets in %v", len(text), commits, len(h.planted), time.Since(began))
	want := make([]string, len(h.planted))
	for i, one := range h.planted {
		secret, place, _ := strings.Cut(one, "@")
		want[i] = secret + " " + ids[h.at[i]-1] + " " + place
	}
	f.want(t, want...)
}
