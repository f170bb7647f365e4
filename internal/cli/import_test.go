package cli

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

// file writes a file of keys, and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sha256Of(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func sha512Of(secret string) string {
	sum := sha512.Sum512([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// theExample is the documentation's example of a whole secret.
const theExample = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"

// sheet has a good row, one for each kind of refusal, and a good one.
func sheet() string {
	return "name,digest,algorithm,scopes,project,secret\n" +
		"first," + sha256Of("first") + ",sha256,read,,\n" +
		"by md5," + sha256Of("second")[:32] + ",md5,read,,\n" +
		"cut off," + sha256Of("third")[:40] + ",sha256,read,,\n" +
		"nobodys," + sha256Of("fourth") + ",sha256,read,nobodys,\n" +
		"plain,,,read,,ks_test_0123456789ABCDEFGHIJKLMNOPQRST\n" +
		"\n" +
		"too few," + sha256Of("sixth") + "\n" +
		"by sha512," + sha512Of("seventh") + ",sha512,read write,,\n"
}

func (f *fixture) names(t *testing.T) string {
	t.Helper()
	var names []string
	rows, _ := f.document(t, "keys", "list")["data"].([]any)
	for _, row := range rows {
		names = append(names, row.(map[string]any)["name"].(string))
	}
	return strings.Join(names, ", ")
}

func TestImportTellsWhatCameOfEachRow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	keysCSV := file(t, "keys.csv", sheet())
	for _, step := range []struct{ name, flag string }{
		{"import_dry_run", "--dry-run"}, {"import", "--workspace=default"}, {"import_again_json", "--json"},
	} {
		got := f.run(t, "import", keysCSV, step.flag)
		if got.status != StatusFailed {
			t.Errorf("%s: status %d", step.name, got.status)
		}
		golden(t, step.name, got.out)
		golden(t, "import_stderr", got.err)
		if step.flag == "--dry-run" && f.names(t) != "" {
			t.Errorf("a dry run made %s", f.names(t))
		}
		f.now = f.now.Add(1)
	}
	if names := f.names(t); len(strings.Split(names, ", ")) != 2 || !strings.Contains(names, "first") || !strings.Contains(names, "by sha512") {
		t.Errorf("imported %s", names)
	}
	golden(t, "help_import", f.ok(t, "import", "--help"))
}

func TestImportOfGoodRowsSucceedsAndSoDoesRepeatingIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	lines := fmt.Sprintf("{\"name\":\"first\",\"digest\":%q,\"algorithm\":\"sha256\"}\n{\"name\":\"the example\",\"secret\":%q}", sha256Of("first"), theExample)
	keysJSONL := file(t, "keys.jsonl", lines)
	golden(t, "import_jsonl", f.ok(t, "import", keysJSONL, "--plaintext"))
	golden(t, "import_jsonl_json", f.ok(t, "import", keysJSONL, "--plaintext", "--json"))
	f.input = lines + "\n"
	golden(t, "import_stdin", f.ok(t, "import", "-", "--plaintext"))
}

func TestImportMakesAStoreOnlyWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	keysCSV := file(t, "keys.csv", "name,digest,algorithm\n")
	f.ok(t, "import", keysCSV)
	f.ok(t, "import", keysCSV, "--create", "--dry-run")
	f.ok(t, "import", keysCSV, "--create", "--config", "other")
	if got, want := strings.Join(f.opened, ", "), "Caddyfile, Caddyfile, other to create"; got != want || f.closed != 3 {
		t.Errorf("opened %s (%d closed), want %s", got, f.closed, want)
	}
}

func TestWhatIsNoFileOfKeysIsOneLineAndTouchesNoStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const known = "secret, digest, algorithm, name, description, environment, scopes, kind, project, owner, expires_at, profile, metadata"
	for name, row := range map[string]struct{ text, says string }{
		"empty":           {"", "there is nothing in it: a header line or JSON lines are needed"},
		"blank":           {" \n\t\r\n", "there is nothing in it: a header line or JSON lines are needed"},
		"a mark":          {"\xef\xbb\xbf", "there is nothing in it: a header line or JSON lines are needed"},
		"UTF-16":          {"\xff\xfen\x00a\x00", "it is UTF-16: save it as UTF-8"},
		"UTF-16, other":   {"\xfe\xff\x00n\x00a", "it is UTF-16: save it as UTF-8"},
		"an array":        {"[{}]", "it is one JSON array: JSON lines are needed, an object on each line, as jq -c '.[]' prints them"},
		"no header":       {"first," + theExample, "line 1, which must be the header of a CSV file: column 1 is none that is known; known are, separated by commas: " + known},
		"unknown column":  {"\n\nname,digest,colour", "line 3, which must be the header of a CSV file: column 3 is none that is known; known are, separated by commas: " + known},
		"semicolons":      {"name;digest;algorithm", "line 1, which must be the header of a CSV file: column 1 is none that is known; known are, separated by commas: " + known},
		"twice":           {"name,digest,Name", "line 1, which must be the header of a CSV file: column 3, name, stands there twice"},
		"no digest":       {"name,algorithm", "line 1, which must be the header of a CSV file: it has neither secret nor digest"},
		"a quote":         {"na\"me,digest", "line 1, which must be the header of a CSV file: A cell holds a quote and isn't quoted: such a cell stands in quotes, and each quote in it twice."},
		"an endless one":  {"\"name,digest\n1,2\n", "line 1, which must be the header of a CSV file: A quote in the row has no end, or text behind it: it was read down to line 2."},
		"a header beyond": {"name" + strings.Repeat(" ", 1<<20), "line 1, which must be the header of a CSV file: The row is longer than 1048576 bytes: nothing behind it was read."},
	} {
		path := file(t, "keys", row.text)
		got := f.run(t, "import", path)
		if want := "keystile: read " + path + ": " + row.says + "\n"; got.status != StatusFailed || got.out != "" || got.err != want {
			t.Errorf("%s: status %d, out %q, err %q; want %q", name, got.status, got.out, got.err, want)
		}
	}
	if len(f.opened) != 0 {
		t.Errorf("opened %q", f.opened)
	}
}

func TestImportFailuresAreOneLineAndAStatus(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := file(t, "keys.csv", "name,digest,algorithm\nfirst,"+sha256Of("first")+",sha256\n")
	empty, long := file(t, "empty", "\n"), file(t, "long", strings.Repeat("k", 4097))
	for _, row := range []struct {
		args   string
		status int
		says   string
	}{
		{"import", 2, "FILE is missing; see keystile import --help"},
		{"import a b", 2, "1 argument(s) too many; quote a name that has spaces; see keystile import --help"},
		{"import a --frobnicate", 2, "unknown flag: --frobnicate; see keystile import --help"},
		{"import /nowhere", 1, "open /nowhere: no such file or directory"},
		{"import " + t.TempDir(), 1, ""},
		{"import " + good + " --config nowhere", 1, "import " + good + ": read nowhere: no such file"},
		{"import " + good + " --workspace nobodys", 1, "import " + good + ": There is no such workspace here."},
		{"import " + good + " --hmac-key-file /nowhere", 1, "read the HMAC key: open /nowhere: no such file or directory"},
		{"import " + good + " --hmac-key-file " + empty, 1, "the HMAC key in " + empty + " must have 1 to 4096 bytes"},
		{"import " + good + " --hmac-key-file " + long, 1, "the HMAC key in " + long + " must have 1 to 4096 bytes"},
	} {
		got := f.run(t, strings.Fields(row.args)...)
		if got.status != row.status || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, row.says) {
			t.Errorf("%s: status %d, out %q, err %q; want %d and %q", row.args, got.status, got.out, got.err, row.status, row.says)
		}
	}
	if names := f.names(t); names != "" {
		t.Errorf("imported %s", names)
	}
}

// apiOnly is administration over the API, which imports nothing.
type apiOnly struct{ manage.Service }

func TestImportNeedsTheStoreItself(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = apiOnly{f.manager}
	got := f.run(t, "import", file(t, "keys.csv", "name,digest,algorithm\n"))
	if got.status != StatusFailed || !strings.Contains(got.err, "use --config") || f.closed != 1 {
		t.Errorf("%+v, %d closed", got, f.closed)
	}
}

func TestKeyOfTheOtherSystemIsReadAsItIs(t *testing.T) {
	t.Parallel()
	want := func(raw, key string) {
		t.Helper()
		got, err := readHMACKey(file(t, "hmac.key", raw))
		if err != nil || got.Reveal() != key {
			t.Errorf("%q was read as %q (%v), want %q", raw, got.Reveal(), err, key)
		}
	}
	want("a text", "a text")
	want("a text\n", "a text")
	want("a text\r\n", "a text")
	want("ends in two\n\n", "ends in two\n\n")
	want("two\nlines\n", "two\nlines\n")
	want("\x00\x01binary\xff\n", "\x00\x01binary\xff\n")
	want("\xffno text\n", "\xffno text\n")
	want(strings.Repeat("k", 4096)+"\r\n", strings.Repeat("k", 4096))
	if none, err := readHMACKey(""); err != nil || !none.IsZero() {
		t.Errorf("without a file: %v", err)
	}
}

// What a key needs to be found by a gate is there: see storage.Finder.
func TestImportedKeysPassWithTheirOldSecrets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.run(t, "import", file(t, "keys.csv", sheet()))
	finder := storage.NewFinder(f.store, keys.NewHasher(nil))
	for secret, name := range map[string]string{"first": "first", "seventh": "by sha512", "fourth": ""} {
		got, _, err := finder.Find(t.Context(), secret)
		if err != nil || (got.Key == nil) != (name == "") || name != "" && got.Key.Name != name {
			t.Errorf("%s is %v (%v), want %s", secret, got.Key, err, name)
		}
	}
}
