package manage_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestIMP01DigestsThatCannotBeLookedUpAreUnsupported(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	before := f.state(t)
	whole := digestOf(keys.SHA256, oldSecret(1))
	for name, tt := range map[string]struct {
		algorithm, digest, says string
	}{
		"md5":                {"md5", whole[:32], "algorithm md5 is unsupported"},
		"MD5":                {"MD5", whole[:32], "algorithm md5 is unsupported"},
		"sha1":               {"sha1", whole[:40], "algorithm sha1 is unsupported"},
		"crc32":              {"crc32", whole[:8], "algorithm crc32 is unsupported"},
		"murmur":             {"murmur3", whole[:32], "algorithm murmur3 is unsupported"},
		"bcrypt":             {"bcrypt", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "algorithm bcrypt is unsupported: it is salted"},
		"argon2id":           {"argon2id", "$argon2id$v=19$m=65536", "algorithm argon2id is unsupported: it is salted"},
		"sha512, and hmac":   {"hmac-sha512", digestOf(keys.SHA512, "x"), "algorithm hmac-sha512 is unsupported"},
		"of another name":    {"sha-256", whole, "algorithm is unsupported; supported are sha256, sha512, hmac-sha256."},
		"a secret":           {oldSecret(7), whole, "algorithm is unsupported; supported are"},
		"cut off":            {"sha256", whole[:40], "digest has 40 hex digits, and sha256 has 64"},
		"cut off by one":     {"sha256", whole[:62], "digest has 62 hex digits"},
		"too long":           {"sha256", whole + "00", "digest has 66 hex digits"},
		"sha512 as sha256":   {"sha256", digestOf(keys.SHA512, "x"), "digest has 128 hex digits"},
		"sha256 as sha512":   {"sha512", whole, "digest has 64 hex digits, and sha512 has 128"},
		"sha512 that is cut": {"sha512", digestOf(keys.SHA512, "x")[:64], "digest has 64 hex digits"},
	} {
		row := manage.ImportRow{Line: 1, Ask: manage.NewKey{Name: "a key"}, Algorithm: tt.algorithm, Digest: tt.digest}
		refused := f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{row})
		if refused[0].Code != manage.Unsupported || !strings.Contains(refused[0].Reason, tt.says) {
			t.Errorf("%s: %+v, want something like %q", name, refused[0], tt.says)
		}
		if strings.Contains(refused[0].Reason, tt.digest) || strings.Contains(refused[0].Reason, oldSecret(7)) {
			t.Errorf("%s: the reason repeats the row: %s", name, refused[0].Reason)
		}
	}
	f.unchanged(t, before)
}

func TestIMP01SecretsAndKeyedDigestsNeedTheirFlag(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	before := f.state(t)
	for _, tt := range []struct {
		row  manage.ImportRow
		says string
	}{{oldRow(3), "--plaintext"}, {oldRow(2), "--hmac-key-file"}} {
		refused := f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{tt.row}, func(ask *manage.Import) {
			ask.Plaintext, ask.HMACKey = false, keys.Secret{}
		})
		if refused[0].Code != manage.Unsupported || !strings.Contains(refused[0].Reason, tt.says) {
			t.Errorf("%+v, want unsupported and %q", refused[0], tt.says)
		}
	}
	f.unchanged(t, before)
}

func TestDigestThatIsNoHexIsInvalid(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, digest := range []string{"xyz", strings.Repeat("g", 64), strings.Repeat("0", 63), "sha256:" + strings.Repeat("0", 57)} {
		row := manage.ImportRow{Line: 1, Ask: manage.NewKey{Name: "a key"}, Algorithm: "sha256", Digest: digest}
		refused := f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{row})
		if refused[0].Code != problem.InvalidRequest || refused[0].Reason != "digest must be 64 hex digits." {
			t.Errorf("%q: %+v", digest, refused[0])
		}
	}
	row := manage.ImportRow{Line: 1, Ask: manage.NewKey{Name: "a key"}, Algorithm: "SHA256", Digest: strings.ToUpper(digestOf(keys.SHA256, "x"))}
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{row})
	if f.find(t, "x") == nil {
		t.Error("a digest in capitals is not found")
	}
}

// A presented secret is looked for under a bounded number of digests.
func TestStoreHoldsDigestsOfSoManyOtherSystems(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 33 {
		row := oldRow(2)
		row.Digest = digestOf(keys.SHA256, fmt.Sprint(i))
		want := manage.Imported{Imported: 1}
		if i == 32 {
			want = manage.Imported{Refused: 1}
		}
		refused := f.wantImport(t, want, []manage.ImportRow{row}, func(ask *manage.Import) { ask.HMACKey = keys.NewSecret(fmt.Sprint("key ", i)) })
		if i == 32 && refused[0].Code != manage.Unsupported {
			t.Errorf("%+v", refused[0])
		}
	}
	if f.find(t, "nobody's") != nil || f.state(t).schemes != 32 {
		t.Errorf("%d schemes", f.state(t).schemes)
	}
}

func TestSchemeIsKeptOnceHoweverOftenItIsUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	acme := f.workspace(t, "acme", "")
	for n, call := range map[int]manage.Call{1: f.op, 2: f.op, 5: acme, 6: acme} {
		if _, _, err := f.imports(t.Context(), call, []manage.ImportRow{oldRow(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.state(t).schemes; got != 2 {
		t.Errorf("%d schemes, want one for sha512 and one for the key", got)
	}
	var kept int
	for _, e := range append(f.audit(t, "default"), f.audit(t, "acme")...) {
		if e.Action == "scheme.create" && e.KeyID == "" && strings.HasPrefix(e.Target, "sch_") {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("%d audit entries of schemes", kept)
	}
}

// A pepper belongs into the configuration, and not beside what it protects.
func TestPepperIsNotKeptInTheStore(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) {
		c.Hasher = keys.NewHasher([]keys.Secret{keys.NewSecret("new"), keys.NewSecret(theirKey)})
	})
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{oldRow(2)})
	if f.find(t, oldSecret(2)) == nil || f.state(t).schemes != 0 {
		t.Errorf("%d schemes, and the key is %v", f.state(t).schemes, f.find(t, oldSecret(2)))
	}
	for name, file := range files(t, f.dir) {
		if strings.Contains(file, theirKey) {
			t.Errorf("%s holds the pepper", name)
		}
	}
}

func TestLEAK08ImportLeavesNoSecretBehind(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	rows := oldRows(8)
	bad := oldRow(11)
	bad.Ask.Scopes = []string{"a b"}
	refused := f.wantImport(t, manage.Imported{Imported: 8, Refused: 1}, append(rows, bad))
	texts := map[string]string{"audit": marshal(t, f.audit(t, "default")), "refused": marshal(t, refused), "rows": fmt.Sprintf("%v %+v", rows, rows)}
	for name, file := range files(t, f.dir) {
		texts["file "+name] = file
	}
	if len(texts) < 4 {
		t.Error("no file was searched")
	}
	for name, text := range texts {
		for n := range 12 {
			if bytes.Contains([]byte(text), []byte(oldSecret(n))) {
				t.Errorf("%s: secret %d stands there", name, n)
			}
		}
		if name == "audit" || name == "refused" {
			for _, row := range rows {
				if row.Digest != "" && strings.Contains(text, row.Digest) {
					t.Errorf("%s: the digest of line %d stands there", name, row.Line)
				}
			}
		}
	}
}

func TestImportedKeyIsKnownForWhatItIsByTheManagementAPI(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	f.wantImport(t, manage.Imported{Imported: 8}, oldRows(8))
	for n := 1; n <= 8; n++ {
		_, err := f.Authenticate(t.Context(), oldSecret(n), "")
		wantRefusal(t, err, problem.InsufficientScope, "")
	}
	_, err := f.Authenticate(t.Context(), oldSecret(9), "")
	wantRefusal(t, err, problem.InvalidToken, "")
}

func TestIMP02DigestOfAnExistingKeyChangesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	acme := f.workspace(t, "acme", "")
	made := f.mustCreate(t, f.op, manage.NewKey{Name: "made here", Scopes: []string{"read"}})
	elsewhere := f.mustCreate(t, acme, manage.NewKey{Name: "made elsewhere"})
	byDigest := func(secret keys.Secret, name string) manage.ImportRow {
		return manage.ImportRow{Line: 1, Ask: manage.NewKey{Name: name, Scopes: []string{"read", "write"}}, Algorithm: "sha256", Digest: digestOf(keys.SHA256, secret.Reveal())}
	}
	bySecret := func(secret keys.Secret, name string) manage.ImportRow {
		return manage.ImportRow{Line: 1, Ask: manage.NewKey{Name: name}, Secret: secret}
	}
	before := f.state(t)
	for name, tt := range map[string]struct {
		row  manage.ImportRow
		says string
	}{
		"here, by digest":      {byDigest(made.Secret, "made here"), "This key exists already, as " + string(made.ID) + ", and differs in scopes; it was left as it is."},
		"here, by secret":      {bySecret(made.Secret, "mine"), "This key exists already, as " + string(made.ID) + ", and differs in name; it was left as it is."},
		"elsewhere, by digest": {byDigest(elsewhere.Secret, "made elsewhere"), "A key with this secret exists already."},
		"elsewhere, by secret": {bySecret(elsewhere.Secret, "made elsewhere"), "A key with this secret exists already."},
	} {
		refused := f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{tt.row})
		if refused[0].Code != problem.AlreadyExists || refused[0].Reason != tt.says {
			t.Errorf("%s: %+v, want %q", name, refused[0], tt.says)
		}
	}
	f.wantImport(t, manage.Imported{Unchanged: 1}, []manage.ImportRow{bySecret(made.Secret, "made here")})
	f.unchanged(t, before)
}

func TestKeyThatIsHereUnderAnotherDigestIsNotImportedTwice(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	f.wantImport(t, manage.Imported{Imported: 2}, []manage.ImportRow{oldRow(1), oldRow(2)})
	again := []manage.ImportRow{{Line: 1, Secret: keys.NewSecret(oldSecret(1))}, {Line: 2, Secret: keys.NewSecret(oldSecret(2))}}
	f.wantImport(t, manage.Imported{Unchanged: 2}, again)
	peppered := manage.Config{Store: f.store, Now: f.clock, Hasher: keys.NewHasher([]keys.Secret{keys.NewSecret("a new pepper")})}
	foreign(&peppered)
	later, err := manage.New(peppered)
	if err != nil {
		t.Fatal(err)
	}
	f.Manager = later
	f.wantImport(t, manage.Imported{Imported: 1, Unchanged: 2}, append(again, oldRow(3)))
	f.wantImport(t, manage.Imported{Unchanged: 3}, append(again, oldRow(3)))
}

// A second run goes by what rows state: a key may have got more since.
func TestWhatARowLeavesOutMakesNoDifference(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign)
	row := oldRow(3)
	row.Ask = manage.NewKey{Name: " moved ", Scopes: []string{"b", "a"}, ExpiresAt: "2026-12-01T01:00:00+01:00", Owner: "bob", Metadata: map[string]string{"a": "b"}}
	f.wantImport(t, manage.Imported{Imported: 1}, []manage.ImportRow{row})
	f.advance(30 * 24 * 3600e9) // it has ended by now
	if _, err := f.RevokeKey(t.Context(), f.op, f.find(t, oldSecret(3)).ID, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	row.Ask.Scopes = []string{"a", "b"}
	f.wantImport(t, manage.Imported{Unchanged: 2}, []manage.ImportRow{row, {Line: 2, Secret: row.Secret}})
	other := row
	other.Ask = manage.NewKey{
		Name: "other", Description: "other", Kind: keys.CI, Owner: "eve", Project: "p", Profile: "p", Scopes: []string{"a"},
		ExpiresAt: "2026-12-02", Metadata: map[string]string{"a": "c"},
	}
	refused := f.wantImport(t, manage.Imported{Refused: 1}, []manage.ImportRow{other})
	if !strings.Contains(refused[0].Reason, "differs in name, description, kind, project, owner, profile, scopes, expires_at, metadata;") {
		t.Errorf("refused: %s", refused[0].Reason)
	}
}

func TestIMP03ImportGivesNobodyMoreThanTheCallerMayGive(t *testing.T) {
	t.Parallel()
	f := setup(t, foreign, catalogue)
	f.workspace(t, "acme", "")
	token := f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_x", Name: "deploy", Workspace: "acme"})
	gone := f.keyActor(t, f.op, manage.NewKey{Scopes: []string{"manage:api-keys"}})
	if _, err := f.RevokeKey(t.Context(), gone, keys.ID(gone.Actor.ID), manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	before := f.state(t)
	for name, tt := range map[string]struct {
		call manage.Call
		code problem.Code
		at   string
	}{
		"another workspace":             {manage.Call{Actor: token, Workspace: "default"}, problem.WorkspaceMismatch, "workspace"},
		"by a revoked key":              {gone, problem.InvalidToken, ""},
		"by a key of another workspace": {manage.Call{Actor: gone.Actor, Workspace: "acme"}, problem.WorkspaceMismatch, "workspace"},
		"by nobody":                     {manage.Call{}, problem.NotPermitted, ""},
	} {
		done, _, err := f.imports(t.Context(), tt.call, oldRows(3))
		if done != (manage.Imported{}) {
			t.Errorf("%s: %+v", name, done)
		}
		wantRefusal(t, err, tt.code, tt.at)
	}
	f.unchanged(t, before)
	for _, workspace := range []string{"acme", "default"} {
		tried := slices.ContainsFunc(f.audit(t, workspace), func(e storage.AuditEntry) bool { return e.Action == "key.import.refused" })
		if !tried {
			t.Errorf("no entry in the audit trail of %s", workspace)
		}
	}
	beyond := oldRow(3)
	beyond.Ask.Scopes = []string{"read", "fly"}
	if _, refused, err := f.imports(t.Context(), manage.Call{Actor: token}, []manage.ImportRow{beyond, oldRow(7)}); err != nil || len(refused) != 1 {
		t.Errorf("refused %v (%v)", refused, err)
	}
	if k := f.find(t, oldSecret(7)); k == nil || k.Workspace != "acme" || f.find(t, oldSecret(3)) != nil {
		t.Errorf("imported by a workspace's token: %+v", k)
	}
}
