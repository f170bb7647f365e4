package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/scan"
)

func TestSecretsAreFoundWithFileAndLine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, token := f.secret(), keys.MintToken().Reveal()
	f.write(t, "a.env", "# settings\nKEY="+one+"\n")
	f.write(t, "deep/er/b.json", `{"token": "`+token+`", "key": "`+one+`"}`)
	f.write(t, "c.txt", "ks_live_ is a prefix, and ks_live_0123456789ABCDEFGHIJKLMNOPQRST000000 has a wrong checksum\n")
	f.walk(f.dir)
	f.want(t, one+"  a.env:2", one+"  deep/er/b.json:1", token+"  deep/er/b.json:1")
	if f.Files() != 3 || len(f.unread) > 0 {
		t.Errorf("%d files read, and not %v", f.Files(), f.unread)
	}
}

// TestALineOfAnyLengthIsReadToItsEnd has a secret at each place around the
// joints of what is in memory at a time.
func TestALineOfAnyLengthIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	const piece = 256 << 10
	for _, before := range []int{0, 1, piece - 300, piece - 257, piece - 256, piece - 255, piece - 44, piece - 43, piece - 1, piece, piece + 1, 2*piece - 300, 2*piece - 20, 3*piece - 513} {
		t.Run(fmt.Sprint(before), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			secret, last := f.secret(), f.secret()
			f.write(t, "long", "first\n"+strings.Repeat("-", before)+secret+strings.Repeat("=", 2*piece)+last)
			f.walk(f.dir)
			f.want(t, secret+"  long:2", last+"  long:2")
		})
	}
}

func TestABinaryFileIsSearchedAndHasOffsets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	f.write(t, "program", "\x7fELF\x00\x00\n\n"+secret+"\x00")
	f.walk(f.dir)
	found := f.Finds()
	if len(found) != 1 || len(found[0].Places) != 1 {
		t.Fatalf("found %+v", found)
	}
	if got := found[0].Places[0]; !got.Binary || got.Offset != 8 || got.Line != 0 {
		t.Errorf("found at %+v, want byte 8", got)
	}
}

func TestWhatWindowsCallsUnicodeIsRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	wide := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune("$key =\r\n" + secret)) {
		wide = append(wide, byte(c), byte(c>>8))
	}
	f.write(t, "profile.ps1", string(wide))
	f.walk(f.dir)
	f.want(t, secret+"  profile.ps1:2")
}

func TestASecretInANameIsFoundAndNotPrinted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	f.write(t, secret+".txt", "see "+secret)
	f.walk(f.dir)
	found := f.Finds()
	if len(found) != 1 || len(found[0].Places) != 2 {
		t.Fatalf("found %+v, want one secret in two places", found)
	}
	for _, p := range found[0].Places {
		if strings.Contains(p.File, secret) || !strings.Contains(p.File, found[0].Hint) {
			t.Errorf("it stands in %s", p.File)
		}
	}
	if strings.Contains(fmt.Sprintf("%+v", found), secret) {
		t.Error("printing what was found prints the secret")
	}
}

func TestLinksInFoldersAreNotFollowedAndLoopsEnd(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	inside := f.write(t, "folder/file", secret)
	for link, to := range map[string]string{"folder/loop": f.dir, "folder/self": filepath.Join(f.dir, "folder/self"), "folder/again": inside} {
		if err := os.Symlink(to, filepath.Join(f.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	f.walk(f.dir)
	f.want(t, secret+"  folder/file:1")
	if len(f.unread) > 0 {
		t.Errorf("not read: %v", f.unread)
	}

	given := setup(t)
	link := filepath.Join(given.dir, "link")
	if err := os.Symlink(filepath.Join(f.dir, "folder"), link); err != nil {
		t.Fatal(err)
	}
	given.walk(link)
	given.want(t, secret+"  link/file:1")
}

func TestWhatCanNotBeReadIsToldAndKeepsNothingElseBack(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	f := setup(t)
	secret := f.secret()
	shut, dir := f.write(t, "a/shut", secret), filepath.Join(f.dir, "b")
	f.write(t, "b/inside", secret)
	f.write(t, "c/open", secret)
	for _, path := range []string{shut, dir} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // to be removed
	f.walk(f.dir)
	f.walk(filepath.Join(f.dir, "nowhere"))
	f.want(t, secret+"  c/open:1")
	if got := strings.Join(f.unread, "\n"); len(f.unread) != 3 || strings.Count(got, "permission denied") != 2 || !strings.Contains(got, "nowhere: no such file") {
		t.Errorf("told:\n%s", got)
	}
}

func TestGitFoldersAreLeftOutUnlessAskedFor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	f.write(t, "repo/.git/config", "url = https://x:"+secret+"@example.com")
	f.walk(f.dir)
	f.want(t)
	f.Walk(f.dir, scan.Options{GitFolders: true})
	f.want(t, secret+"  repo/.git/config:1")
}
