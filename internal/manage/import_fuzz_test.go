package manage_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// FuzzARowOfAnImportIsTakenOrRefusedWithAReason rehearses an import of one row,
// whatever it says. What is taken is what can be looked up by a secret later.
func FuzzARowOfAnImportIsTakenOrRefusedWithAReason(f *testing.F) {
	for i := range 4 {
		row := oldRow(i)
		f.Add(row.Secret.Reveal(), row.Digest, row.Algorithm, row.Ask.Name, "read", "live", "10.0.0.0/8", "2030-01-01T00:00:00Z")
	}
	for _, algorithm := range []string{"md5", "sha-256", "SHA256", "bcrypt", "", "hmac-sha256"} {
		f.Add("", strings.Repeat("0f", 32), algorithm, "a key", "", "", "", "")
	}
	f.Add("", strings.Repeat("0f", 31), "sha256", "a key", "nobody's", "test", "::ffff:1.2.3.4/97", "1999-01-01T00:00:00Z")
	f.Add("ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco", "", "", "a key", "all", "test", "10.0.0.1/33", "soon")
	f.Add("old_short", strings.Repeat("0f", 32), "sha256", "\x00", "a b", "live", " ", "9999-12-31T23:59:59Z")
	g := setup(f, catalogue, foreign)
	f.Fuzz(func(t *testing.T, secret, digest, algorithm, name, scope, environment, address, expires string) {
		row := manage.ImportRow{Line: 7, Digest: digest, Algorithm: algorithm}
		if secret != "" {
			row.Secret = keys.NewSecret(secret)
		}
		row.Ask = manage.NewKey{Name: name, Environment: keys.Environment(environment), ExpiresAt: expires}
		if scope != "" {
			row.Ask.Scopes = []string{scope}
		}
		if address != "" {
			row.Ask.AllowedIPs = []string{address}
		}
		done, refused, err := g.imports(t.Context(), g.op, []manage.ImportRow{row}, dryRun)
		switch {
		case err != nil:
			t.Fatal(err)
		case done.Imported+done.Unchanged+done.Refused != 1 || done.Refused != len(refused):
			t.Fatalf("%+v, %v", done, refused)
		case done.Refused == 0:
			wantTakeable(t, row)
		case refused[0].Line != 7 || refused[0].Code == "" || refused[0].Reason == "" || strings.ContainsAny(refused[0].Reason, "\r\n"):
			t.Errorf("refused with %+v", refused[0])
		case len(secret) >= 12 && strings.Contains(refused[0].Reason, secret):
			t.Errorf("the reason holds the secret: %+v", refused[0])
		}
	})
}

// wantTakeable says slowly what a row is that may be taken.
func wantTakeable(t *testing.T, row manage.ImportRow) {
	t.Helper()
	if row.Secret.IsZero() {
		raw, err := hex.DecodeString(row.Digest)
		size := map[string]int{"sha256": 32, "sha512": 64, "hmac-sha256": 32}[strings.ToLower(row.Algorithm)]
		if err != nil || size == 0 || len(raw) != size {
			t.Errorf("the digest %q is taken as %q", row.Digest, row.Algorithm)
		}
	} else if text := row.Secret.Reveal(); row.Digest != "" || row.Algorithm != "" || len(text) < 8 || !strings.HasPrefix(text, "old_") && !strings.HasPrefix(text, "ks_") {
		t.Errorf("the secret %q is taken beside %q", text, row.Digest)
	}
	for _, scope := range row.Ask.Scopes {
		if !slices.Contains([]string{"read", "write", "all", "manage:api-keys"}, scope) {
			t.Errorf("the scope %q is taken", scope)
		}
	}
	if !slices.Contains([]keys.Environment{"", keys.Live, keys.Test}, row.Ask.Environment) {
		t.Errorf("the environment %q is taken", row.Ask.Environment)
	}
}
