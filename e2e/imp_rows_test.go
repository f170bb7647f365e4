package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// importSheet imports a CSV file, and returns what the command said.
func (g *gate) importSheet(sheet string, flags ...string) (imported, command) {
	g.t.Helper()
	path := filepath.Join(g.t.TempDir(), "keys.csv")
	put(g.t, path, sheet)
	done := g.cli(append([]string{"import", path}, flags...)...)
	var got imported
	if done.out != "" {
		if err := json.Unmarshal([]byte(done.out), &got); err != nil {
			g.t.Fatalf("%+v: %v", done, err)
		}
	}
	return got, done
}

func TestDigestsThatNobodyCanLookUpAreRefusedRowByRow(t *testing.T) {
	t.Parallel()
	g := setup(t, options{app: oldSystem, policy: "default allow"})
	whole := oldDigest("sha256", 1)
	for name, row := range map[string]string{
		"md5":                            "md5," + whole[:32],
		"crc32":                          "crc32," + whole[:8],
		"murmur":                         "murmur3," + whole[:32],
		"bcrypt":                         "bcrypt,$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"cut off":                        "sha256," + whole[:40],
		"hmac-sha256 without its key":    "hmac-sha256," + oldDigest("hmac-sha256", 1),
		"longer than its algorithm's":    "sha256," + oldDigest("sha512", 1),
		"plaintext instead of a digest":  "sha256," + oldSecret(1),
		"plaintext as its own algorithm": oldSecret(1) + "," + whole,
	} {
		t.Run("IMP-01 "+name, func(t *testing.T) {
			before := g.stored()
			got, done := g.importSheet("name,algorithm,digest\nold key," + row + "\n")
			wantRefusedRow(t, got, done, 2)
			if g.stored() != before {
				t.Error("something was stored of it")
			}
		})
	}
	t.Run("IMP-01 plaintext without --plaintext", func(t *testing.T) {
		got, done := g.importSheet("name,secret\nold key," + oldSecret(1) + "\n")
		wantRefusedRow(t, got, done, 2)
	})
	wantAnswer(t, g, g.get("/", bearer(oldSecret(1))), http.StatusUnauthorized, "unknown_key")
}

// wantRefusedRow checks that one row was refused and reported, without what it
// held.
func wantRefusedRow(t *testing.T, got imported, done command, line int) {
	t.Helper()
	if done.status != 1 || got.Imported != 0 || len(got.Refused) != 1 || got.Refused[0].Line != line || got.Refused[0].Code == "" {
		t.Errorf("exit status %d; %+v", done.status, got)
	}
	if !strings.Contains(done.err, fmt.Sprintf("line %d", line)) {
		t.Errorf("the row isn't reported: %s", done.err)
	}
	for _, text := range []string{oldSecret(1), oldDigest("sha256", 1)[:30], "N9qo8uLOickgx2"} {
		if strings.Contains(done.out+done.err, text) {
			t.Errorf("the report repeats %s: %s%s", text, done.out, done.err)
		}
	}
}

func TestImportNeverTouchesAKeyThatExists(t *testing.T) {
	t.Parallel()
	t.Run("IMP-02 digest of a key of the same and of another workspace", importTwice)
}

func importTwice(t *testing.T) {
	g := setup(t, options{app: oldSystem, policy: "route GET /a read\nroute GET /b write\n", behind: "respond ok"})
	g.must(nil, "workspaces", "create", "elsewhere")
	row := "name,digest,algorithm,scopes\n%s," + oldDigest("sha256", 1) + ",sha256,%s\n"
	if got, done := g.importSheet(fmt.Sprintf(row, "the first", "read")); got.Imported != 1 {
		t.Fatal(done)
	}
	for name, try := range map[string][]string{"here": nil, "elsewhere": {"--workspace", "elsewhere"}} {
		got, done := g.importSheet(fmt.Sprintf(row, "the second", "read write"), try...)
		wantRefusedRow(t, got, done, 2)
		if len(got.Refused) == 1 && got.Refused[0].Code != "already_exists" {
			t.Errorf("%s: %+v", name, got)
		}
		if name == "elsewhere" && (strings.Contains(done.out+done.err, "key_") || strings.Contains(done.out+done.err, "the first")) {
			t.Errorf("it tells of another workspace's key: %s%s", done.out, done.err)
		}
	}
	wantOK(t, g.get("/a", bearer(oldSecret(1))))
	if got := g.get("/b", bearer(oldSecret(1))); got.code() != "insufficient_scope" {
		t.Errorf("the key that existed is answered %v", got)
	}
	if n := g.stored(); n != 1 {
		t.Errorf("%d keys are stored", n)
	}
}

func TestImportAssignsNothingBeyondItsWorkspace(t *testing.T) {
	t.Parallel()
	t.Run("IMP-03 project, scope and workspace of others", importBeyond)
}

func importBeyond(t *testing.T) {
	g := setup(t, options{app: oldSystem + "\nplan small {\n max_keys 1\n}\ndefault_plan small", policy: "default allow"})
	g.must(nil, "workspaces", "create", "elsewhere")
	g.must(nil, "projects", "create", "theirs", "--workspace", "elsewhere")
	digest := oldDigest("sha256", 1) + ",sha256,"
	for name, sheet := range map[string]string{
		"project": "digest,algorithm,name,project\n" + digest + "a key,theirs\n",
		"scope":   "digest,algorithm,name,scopes\n" + digest + "a key,read never-heard-of\n",
		"profile": "digest,algorithm,name,profile\n" + digest + "a key,nobodys\n",
	} {
		got, done := g.importSheet(sheet)
		if wantRefusedRow(t, got, done, 2); t.Failed() {
			t.Fatal(name)
		}
	}
	for name, try := range map[string][]string{
		"column":                        {"digest,algorithm,name,workspace\n" + digest + "a key,elsewhere\n"},
		"workspace that isn't there":    {"digest,algorithm,name\n" + digest + "a key\n", "--workspace", "nowhere"},
		"column that a file can't have": {"digest,algorithm,name,id\n" + digest + "a key,key_1\n"},
	} {
		if got, done := g.importSheet(try[0], try[1:]...); done.status == 0 || got.Imported != 0 {
			t.Errorf("%s: exit status %d, %+v", name, done.status, got)
		}
	}
	// What a workspace's plan allows holds for imports, too.
	got, done := g.importSheet("digest,algorithm,name\n" + digest + "key 1\n" + oldDigest("sha256", 2) + ",sha256,key 2\n")
	if done.status != 1 || got.Imported != 1 || len(got.Refused) != 1 {
		t.Errorf("exit status %d, %+v", done.status, got)
	}
	if n := g.stored(); n != 1 {
		t.Errorf("%d keys are stored", n)
	}
}
