package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oldSystem lets a gate take the keys of another system.
const oldSystem = "scope read\nscope write\naccept_prefix live old_ unchecked"

const oldHMACKey = "the key of the old system"

func oldSecret(n int) string { return fmt.Sprintf("old_%020d", n) }

// oldDigest is a secret's digest as another system made it.
func oldDigest(algorithm string, n int) string {
	sum := sha256.New()
	switch algorithm {
	case "md5":
		sum = md5.New()
	case "sha512":
		sum = sha512.New()
	case "hmac-sha256":
		sum = hmac.New(sha256.New, []byte(oldHMACKey))
	}
	sum.Write([]byte(oldSecret(n)))
	return hex.EncodeToString(sum.Sum(nil))
}

// threeFormats writes n keys into a CSV file of secrets, one of digests, and
// JSON lines of keyed digests, and returns what is to be typed for each.
func threeFormats(t *testing.T, g *gate, n int) [][]string {
	t.Helper()
	var secrets, digests, lines bytes.Buffer
	secrets.WriteString("name,secret,scopes\n")
	digests.WriteString("scopes,algorithm,digest,name\n")
	for i := range n {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&secrets, "key %d,%s,read\n", i, oldSecret(i))
		case 1:
			fmt.Fprintf(&digests, "read,sha256,%s,key %d\n", oldDigest("sha256", i), i)
		case 2:
			fmt.Fprintf(&digests, "read,sha512,%s,key %d\n", oldDigest("sha512", i), i)
		case 3:
			fmt.Fprintf(&lines, "{\"name\":\"key %d\",\"scopes\":\"read\",\"algorithm\":\"hmac-sha256\",\"digest\":%q}\n", i, oldDigest("hmac-sha256", i))
		}
	}
	elsewhere := t.TempDir() // the rig looks for secrets beside the database
	path := func(name, text string) string {
		put(t, filepath.Join(elsewhere, name), text)
		return filepath.Join(elsewhere, name)
	}
	return [][]string{
		{"import", path("secrets.csv", secrets.String()), "--plaintext"},
		{"import", path("digests.csv", digests.String())},
		{"import", path("keys.jsonl", lines.String()), "--hmac-key-file", path("hmac.key", oldHMACKey+"\n")},
	}
}

// imported is what the command says that came of its rows.
type imported struct {
	Imported  int
	Unchanged int
	Refused   []struct {
		Line int
		Code string
	}
}

func TestKeysOfAnotherSystemPassWithTheirOldSecretsAtOnce(t *testing.T) {
	t.Parallel()
	const n = 10_000
	g := setup(t, options{app: oldSystem, policy: "route GET /a read\nroute GET /b write", behind: `respond "in"`, before: quiet})
	for i := range 8 { // the gate remembers that nobody has them
		g.secret(oldSecret(i))
		wantAnswer(t, g, g.get("/a", bearer(oldSecret(i))), http.StatusUnauthorized, "unknown_key")
	}
	commands := threeFormats(t, g, n)
	for run, want := range []imported{{Imported: n / 4}, {Unchanged: n / 4}} {
		for i, command := range commands {
			var got imported
			g.must(&got, command...)
			if twice := 1 + i%2; got.Imported != twice*want.Imported || got.Unchanged != twice*want.Unchanged || len(got.Refused) != 0 {
				t.Fatalf("run %d of %v: %+v", run+1, command, got)
			}
		}
	}
	eventually(t, followWithin, "the gate knows them", func() bool {
		return g.get("/a", bearer(oldSecret(7))).status == http.StatusOK
	})
	passAll(t, g, n)
	wantAnswer(t, g, g.get("/b", bearer(oldSecret(1))), http.StatusForbidden, "insufficient_scope")
	wantAnswer(t, g, g.get("/a", bearer(oldSecret(n))), http.StatusUnauthorized, "unknown_key")
	for _, digest := range []string{oldDigest("sha256", 1), oldDigest("sha512", 2), oldDigest("hmac-sha256", 3)} {
		wantAnswer(t, g, g.get("/a", bearer(digest)), http.StatusUnauthorized, "malformed_key")
	}
	g.stop()
	g.start() // what gates need to know of them is in the store
	passAll(t, g, 8)
}

// passAll calls with the old secrets 0 to n-1.
func passAll(t *testing.T, g *gate, n int) {
	t.Helper()
	c, err := dial(g.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range n {
		got, err := c.exchange(g.request(http.MethodGet, "/a", bearer(oldSecret(i))))
		if err != nil || got.status != http.StatusOK || got.body != "in" {
			t.Fatalf("key %d: %v (%v)", i, got, err)
		}
	}
}

func TestImportThatIsKilledAndRepeatedEndsAsOneThatWasNot(t *testing.T) {
	t.Parallel()
	t.Run("IMP-04", func(t *testing.T) {
		n := sized(20_000, 100_000) // one row of a hundred is bad
		g := prepare(t, options{app: oldSystem})
		sheet := oldSheet(t, n)
		for _, enough := range []int{1, 4_000, 9_000} {
			killImport(t, g, sheet, enough)
		}
		good, bad := n-n/100, n/100
		for run := range 2 {
			done := g.cli("import", sheet)
			var got imported
			if err := json.Unmarshal([]byte(done.out), &got); err != nil {
				t.Fatal(done)
			}
			if done.status != 1 || got.Imported+got.Unchanged != good || len(got.Refused) != bad || run == 1 && got.Imported != 0 {
				t.Errorf("run %d: status %d, %d imported, %d unchanged, %d refused", run+1, done.status, got.Imported, got.Unchanged, len(got.Refused))
			}
			if said := strings.Count(done.err, "algorithm md5 is unsupported"); said != bad {
				t.Errorf("run %d: %d rows reported", run+1, said)
			}
		}
		wantStored(t, g, good)
	})
}

// oldSheet is a CSV file of n digests.
func oldSheet(t *testing.T, n int) string {
	t.Helper()
	var sheet bytes.Buffer
	sheet.WriteString("name,digest,algorithm,scopes\n")
	for i := range n {
		algorithm := []string{"sha256", "sha512"}[i%2]
		if i%100 == 50 {
			algorithm = "md5"
		}
		fmt.Fprintf(&sheet, "key %d,%s,%s,read write\n", i, oldDigest(algorithm, i), algorithm)
	}
	path := filepath.Join(t.TempDir(), "keys.csv")
	put(t, path, sheet.String())
	return path
}

// killImport kills an import once there are so many keys.
func killImport(t *testing.T, g *gate, sheet string, enough int) {
	t.Helper()
	p, err := launch(g, slices.Concat(g.program.manage, []string{"import", sheet, "--create", "--config", g.config})...)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, importWithin, fmt.Sprint(enough, " keys"), func() bool { return p.ended() || g.stored() >= enough })
	if status, _ := p.end(os.Kill, stopWithin); status >= 0 {
		t.Fatalf("the import ended by itself, with status %d:\n%s", status, g.log())
	}
}
