package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

const (
	oldStore = "sqlite:keys.db"
	newStore = "postgres:{env.DATABASE_URL}"
)

// What a migration says has digests and times in it, so it is looked at in
// parts.
func TestAMigrationSaysWhatItMovedAndWhatToDoNext(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.create(t, "Nightly export")
	f.use(t, keys.ID(id))
	out := f.ok(t, "migrate", "--from", oldStore, "--to", newStore)
	for _, want := range []string{"TABLE", "SHA-256 OF BOTH", "\nkeys                1     ", "0 batches of usage and 0 audit entries", "run this once more"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what it said:\n%s", want, out)
		}
	}
	again := f.ok(t, "migrate", "--from", oldStore, "--to", newStore)
	if strings.Contains(again, "TABLE") || !strings.HasPrefix(again, "Brought over 0 batches") {
		t.Errorf("once more: %s", again)
	}
	got := f.run(t, "keys", "create", "One more")
	if got.status != StatusFailed || !strings.Contains(got.err, "being moved to another store") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("a change meanwhile: %+v", got)
	}
	f.ok(t, "keys", "list")
	f.ok(t, "migrate", "--from", oldStore, "--abort")
	f.create(t, "One more")
}

func TestAMigrationShowsHowFarItIsWhereSomebodyWatches(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.create(t, "Nightly export")
	f.terminal = true
	got := f.run(t, "migrate", "--from", oldStore, "--to", newStore, "--json")
	if got.status != 0 || !strings.Contains(got.err, "keys: copied\n") || !strings.Contains(got.err, "keys: compared, 1 row\n") {
		t.Errorf("%+v", got)
	}
	var report struct {
		Tables []struct {
			Table  string
			Rows   int
			Digest string
		}
		Batches *int `json:"usage_batches"`
		Entries *int `json:"audit_entries"`
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || len(report.Tables) == 0 || report.Tables[0].Digest == "" || report.Batches == nil || report.Entries == nil {
		t.Errorf("%v of %s", err, got.out)
	}
}

func TestAMigrationThatIsStatedWronglyTouchesNothing(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"migrate":                         "--from is missing",
		"migrate --from " + oldStore:      "--to is missing",
		"migrate --to " + newStore:        "--from is missing",
		"migrate everything":              "too many",
		"migrate --abort":                 "--from is missing",
		"migrate --from a --to b --abort": "leave --to out",
		"migrate --form a":                "unknown flag",
	} {
		f := setup(t)
		if got := f.run(t, strings.Fields(line)...); got.status != StatusBadUsage || !strings.Contains(got.err, want) || len(f.opened) > 0 {
			t.Errorf("%s: %+v, and opened %v", line, got, f.opened)
		}
	}
	f := setup(t)
	if got := f.run(t, "migrate", "--from", oldStore, "--abort"); got.status != StatusFailed || !strings.Contains(got.err, "not being moved") {
		t.Errorf("nothing to give up: %+v", got)
	}
}
