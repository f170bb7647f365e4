package manage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestIMP04ImportedKeysGoOnWorkingAndASecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	const n = 1010 // more than two transactions; the whole binary imports more
	f := setup(t, foreign)
	rows := oldRows(n)
	f.wantImport(t, manage.Imported{Imported: n}, rows)
	finder := storage.NewFinder(f.store, f.hasher)
	for i := range n {
		got, _, err := finder.Find(t.Context(), oldSecret(i+1))
		if err != nil || got.Key == nil || got.Key.Name != rows[i].Ask.Name || got.Key.StatusAt(f.clock()) != keys.Active {
			t.Fatalf("key %d: %v (%v)", i+1, got.Key, err)
		}
	}
	if f.find(t, oldSecret(n+1)) != nil {
		t.Error("a secret that nobody had is somebody's")
	}
	before := f.state(t)
	if before.audited != n || before.schemes != 2 {
		t.Errorf("%d audit entries and %d schemes, want %d and 2", before.audited, before.schemes, n)
	}
	f.advance(48 * 3600e9)
	f.wantImport(t, manage.Imported{Unchanged: n}, rows)
	f.unchanged(t, before)
}

// Without the kill.
func TestIMP04ImportThatStoppedOnItsWayGoesOnFromThere(t *testing.T) {
	t.Parallel()
	const n = 1010
	whole := setup(t, foreign)
	whole.wantImport(t, manage.Imported{Imported: n}, oldRows(n))
	want := whole.state(t)

	f := setup(t, foreign)
	for _, stop := range []int{1, 499, 500, 501, 1009} {
		ctx, end := context.WithCancel(t.Context())
		done, _, err := f.imports(ctx, f.op, nil, func(ask *manage.Import) {
			ask.Rows = func(yield func(manage.ImportRow, error) bool) {
				for i, row := range oldRows(n) {
					if i == stop {
						end()
					}
					if !yield(row, nil) {
						return
					}
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at row %d: %+v, %v", stop, done, err)
		}
		if got := f.state(t); len(got.keys) != stop/500*500 || got.audited != len(got.keys) {
			t.Fatalf("stopped at row %d: %d keys and %d audit entries", stop, len(got.keys), got.audited)
		}
	}
	f.wantImport(t, manage.Imported{Imported: 10, Unchanged: 1000}, oldRows(n))
	got := f.state(t)
	if !slices.Equal(got.keys, want.keys) || got.schemes != want.schemes || got.audited != want.audited {
		t.Errorf("%d keys, %d schemes, %d audit entries; an import in one go made %d, %d and %d",
			len(got.keys), got.schemes, got.audited, len(want.keys), want.schemes, want.audited)
	}
}

func TestRowsBeforeAFaultOfTheFileAreImported(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	broken := errors.New("disk on fire")
	done, _, err := f.imports(t.Context(), f.op, nil, func(ask *manage.Import) { ask.Rows = each(oldRows(3), broken) })
	if !errors.Is(err, broken) || done != (manage.Imported{Imported: 3}) || len(f.state(t).keys) != 3 {
		t.Errorf("%+v, %v", done, err)
	}
}

// mixed are rows of every kind: good, twice in the file, faulty, of no project.
func mixed() []manage.ImportRow {
	rows := oldRows(620)
	for i := 100; i < len(rows); i += 100 {
		rows[i].Ask.Project = "nobodys"
	}
	rows[510].Fault = "The row is torn."
	again := rows[:3]
	rows = append(rows, again...)
	other := rows[4]
	other.Ask.Name = "another name"
	return append(rows, other, manage.ImportRow{Line: 9000, Secret: keys.NewSecret(oldSecret(2))}) // known by its digest
}

func TestDryRunSaysWhatARunWillDoAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign, func(c *manage.Config) {
		c.Catalogue.Plans, c.Catalogue.DefaultPlan = map[string]manage.Plan{"p": {MaxKeys: 520}}, "p"
	})
	before := f.state(t)
	want := manage.Imported{Imported: 520, Unchanged: 4, Refused: 101}
	said := f.wantImport(t, want, mixed(), dryRun)
	f.unchanged(t, before)
	done := f.wantImport(t, want, mixed())
	// IDs are drawn anew.
	if len(said) != len(done) || !slices.EqualFunc(said, done, func(a, b manage.RefusedRow) bool { return a.Line == b.Line && a.Code == b.Code }) {
		t.Errorf("said %v, and did %v", said, done)
	}
	if got := f.state(t); len(got.keys) != 520 || got.audited != 520 {
		t.Errorf("%d keys, %d audit entries", len(got.keys), got.audited)
	}
	f.wantImport(t, manage.Imported{Unchanged: 524, Refused: 101}, mixed(), dryRun)
}

// The digest and the secret of one key stand in different transactions.
func TestDryRunKnowsTheDigestsThatItWouldHaveKept(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	rows := []manage.ImportRow{oldRow(2)}
	for len(rows) < 500 {
		rows = append(rows, manage.ImportRow{Line: 3, Fault: "The row is torn."})
	}
	rows = append(rows, manage.ImportRow{Line: 4, Secret: keys.NewSecret(oldSecret(2))})
	want := manage.Imported{Imported: 1, Unchanged: 1, Refused: 499}
	f.wantImport(t, want, rows, dryRun)
	f.wantImport(t, want, rows)
}

func TestEachRefusedRowIsNamedAndGoodRowsBesideItAreImported(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign, catalogue)
	for name, tt := range map[string]struct {
		change func(*manage.ImportRow)
		code   problem.Code
		says   string
	}{
		"torn":            {func(r *manage.ImportRow) { r.Fault = "The row is torn." }, problem.InvalidRequest, "The row is torn."},
		"no name":         {func(r *manage.ImportRow) { r.Ask.Name = "" }, problem.InvalidRequest, "name must have 3 to 100 characters."},
		"unknown scope":   {func(r *manage.ImportRow) { r.Ask.Scopes = []string{"fly"} }, problem.InvalidRequest, "scopes must be of the configuration"},
		"unknown project": {func(r *manage.ImportRow) { r.Ask.Project = "nobodys" }, problem.InvalidRequest, "project must be registered"},
		"unknown profile": {func(r *manage.ImportRow) { r.Ask.Profile = "strict" }, problem.InvalidRequest, "profile must be registered"},
		"ended":           {func(r *manage.ImportRow) { r.Ask.ExpiresAt = "2020-01-01" }, problem.InvalidRequest, "expires_at must be in the future"},
		"both":            {func(r *manage.ImportRow) { r.Digest = digestOf(keys.SHA256, "x") }, problem.InvalidRequest, "secret can't stand beside digest."},
		"neither":         {func(r *manage.ImportRow) { r.Secret = keys.Secret{} }, problem.InvalidRequest, "digest is needed, or secret with --plaintext."},
		"wrong prefix":    {func(r *manage.ImportRow) { r.Secret = keys.NewSecret("new_0123456789") }, problem.InvalidRequest, "accept_prefix"},
		"wrong checksum":  {func(r *manage.ImportRow) { r.Secret = keys.NewSecret("ks_live_" + strings.Repeat("0", 36)) }, problem.InvalidRequest, "accept_prefix"},
		"a token":         {func(r *manage.ImportRow) { r.Secret = keys.MintToken() }, problem.InvalidRequest, "accept_prefix"},
		"of test":         {func(r *manage.ImportRow) { r.Ask.Environment = keys.Test }, problem.InvalidRequest, "environment must be live, as the secret's prefix says."},
		"of no place":     {func(r *manage.ImportRow) { r.Ask.Environment = "prod" }, problem.InvalidRequest, "environment must be live"},
		"with algorithm":  {func(r *manage.ImportRow) { r.Algorithm = "sha256" }, problem.InvalidRequest, "algorithm says how a digest was made"},
		"no algorithm":    {func(r *manage.ImportRow) { r.Secret, r.Digest = keys.Secret{}, digestOf(keys.SHA256, "x") }, problem.InvalidRequest, "algorithm is needed"},
	} {
		bad := oldRow(3)
		tt.change(&bad)
		before := f.state(t)
		done, refused, err := f.imports(t.Context(), f.op, []manage.ImportRow{bad}, dryRun)
		if err != nil || done.Refused != 1 || refused[0].Line != 3 || refused[0].Code != tt.code || !strings.Contains(refused[0].Reason, tt.says) {
			t.Errorf("%s: %v, %v; want %s: …%s…", name, refused, err, tt.code, tt.says)
		}
		f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{bad})
		f.unchanged(t, before)
	}
	torn := oldRow(2)
	torn.Fault = "The row is torn."
	f.wantImport(t, manage.Imported{Imported: 2, Refused: 1}, []manage.ImportRow{oldRow(1), torn, oldRow(3)})
	if f.find(t, oldSecret(1)) == nil || f.find(t, oldSecret(2)) != nil || f.find(t, oldSecret(3)) == nil {
		t.Error("not the good rows were imported")
	}
}

func TestImportHasEveryFieldThatItsRowStates(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign, catalogue)
	f.project(t, f.op, "apollo")
	row := oldRow(3)
	row.Ask = manage.NewKey{
		Name: "moved", Description: "two\nlines", Scopes: []string{"read", "write"}, Kind: keys.CI, Project: "apollo", Owner: "bob",
		ExpiresAt: "2027-01-01T00:00:00Z", Metadata: map[string]string{"old_id": "17"},
	}
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{row})
	k := f.find(t, oldSecret(3))
	got := fmt.Sprint(k.Name, k.Description, k.Environment, k.Scopes, k.Kind, k.Project, k.Owner, k.ExpiresAt.Unix(), k.Metadata, k.Status,
		k.Workspace, k.CreatedBy, k.CreatedAt.Equal(start), k.Hint, k.Lineage == k.ID, k.Plan, k.Replaces)
	if want := "movedtwo\nlineslive[read write]ciapollobob1798761600 map[old_id:17]activedefaultanntrueold_…true"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	entry := f.audit(t, "default")[0]
	if entry.Action != "key.import" || entry.KeyID != k.ID || entry.Actor != "command:ann" || entry.Changes["owner"].To != "bob" {
		t.Errorf("audited %+v", entry)
	}
	bare := oldRow(1)
	bare.Ask = manage.NewKey{Name: "bare"}
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{bare})
	if k := f.find(t, oldSecret(1)); k.Environment != keys.Live || k.Kind != keys.Personal || k.Owner != "ann" || len(k.Scopes) != 0 || k.Hint != "" {
		t.Errorf("without anything stated: %+v", k)
	}
}

func TestSecretOfATestPrefixIsATestKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := newFormat(t).Mint(keys.Test)
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{{Line: 1, Secret: secret, Ask: manage.NewKey{Name: "of test"}}})
	if k := f.find(t, secret.Reveal()); k.Environment != keys.Test || !strings.HasPrefix(k.Hint, "ks_test_") {
		t.Errorf("environment %s, hint %s", k.Environment, k.Hint)
	}
}

func TestPlansBoundImports(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign, catalogue) // at most 10 keys
	f.mustCreate(t, f.op, manage.NewKey{})
	refused := f.wantImport(t, manage.Imported{Imported: 9, Refused: 3}, oldRows(12))
	for i, row := range refused {
		if row.Line != 10+i || row.Code != problem.PlanLimitReached {
			t.Errorf("refused %+v", row)
		}
	}
	f.wantImport(t, manage.Imported{Unchanged: 9, Refused: 3}, oldRows(12))
}

func TestKeysWithoutANameAreNumberedOn(t *testing.T) {
	t.Parallel()
	const n = 510
	f := setup(t, foreign, func(c *manage.Config) { c.NameOptional = true })
	f.mustCreate(t, f.op, manage.NewKey{Name: "Key 41"})
	rows := oldRows(n)
	for i := range rows {
		rows[i].Ask.Name = ""
	}
	f.wantImport(t, manage.Imported{Imported: n}, rows)
	seen := map[string]bool{}
	for i := range n {
		seen[f.find(t, oldSecret(i+1)).Name] = true
	}
	if len(seen) != n || !seen["Key 42"] || !seen[fmt.Sprintf("Key %d", 41+n)] {
		t.Errorf("%d names for %d keys", len(seen), n)
	}
	f.wantImport(t, manage.Imported{Unchanged: n}, rows)
}

func TestImportIntoAWorkspaceThatIsNotThereIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	for _, rows := range [][]manage.ImportRow{nil, oldRows(2)} {
		_, refused, err := f.imports(t.Context(), manage.Call{Actor: f.op.Actor, Workspace: "nobodys"}, rows)
		wantRefusal(t, err, problem.NotFound, "")
		if len(refused) != 0 {
			t.Errorf("rows were refused: %v", refused)
		}
	}
}
