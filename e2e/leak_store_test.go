package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDatabaseNeverHoldsASecret(t *testing.T) {
	t.Parallel()
	t.Run("LEAK-08 files, log and backup after creating and importing", searchDatabase)
}

func searchDatabase(t *testing.T) {
	const imports = 200
	o := setupOffice(t, options{driver: "sqlite", app: oldSystem, policy: "default allow"})
	var made []key
	for i := range 5 {
		byAPI, _, err := o.create(fmt.Sprint("key ", i))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, byAPI, o.key())
	}
	if _, err := o.revoke(made[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, command := range threeFormats(t, o.gate, imports) {
		o.must(nil, command...)
	}
	secrets := []string{o.token}
	for _, k := range made {
		o.get("/", k.bearer())
		secrets = append(secrets, k.Secret)
	}
	for i := range imports {
		o.get("/", bearer(oldSecret(i)))
		secrets = append(secrets, oldSecret(i))
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	o.sql(fmt.Sprintf("VACUUM INTO '%s'", backup))
	wantNoSecret(t, filepath.Dir(backup), secrets)
	wantNoSecret(t, o.dir, secrets)
	o.kill() // so that the log stays beside the database
	if info, err := os.Stat(o.db + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("no log beside the database: %v", err)
	}
	wantNoSecret(t, o.dir, secrets)
}

func wantNoSecret(t *testing.T, dir string, secrets []string) {
	t.Helper()
	for file, text := range everything(t, dir) {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%.12s… stands in %s", secret, file)
			}
		}
	}
}
