package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// generateWithin bounds the generator and the compiler, which may find nothing
// cached.
const generateWithin = 5 * time.Minute

// A generator that nobody here wrote makes a client of the document, and that
// client manages keys: under a path, as an operator may mount the API.
func TestAGeneratedClientManagesKeys(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "/manage/keystile")
	dir := t.TempDir()
	for from, to := range map[string]string{"../tools/client/go.mod": "go.mod", "../tools/client/go.sum": "go.sum", "testdata/client/main.go": "main.go"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		writeIn(t, dir, to, text)
	}
	if err := os.Mkdir(filepath.Join(dir, "keystile"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeIn(t, dir, "openapi.json", []byte(d.read(nil, http.StatusOK, http.MethodGet, "/v1/openapi.json", "").body))
	goIn(t, dir, nil, "tool", "oapi-codegen", "-generate", "types,client", "-package", "keystile", "-o", "keystile/client.go", "openapi.json")
	address := []string{"KEYSTILE_API=http://" + d.at + d.mount, "KEYSTILE_TOKEN=" + d.credential}
	var got struct{ ID, Secret, Listed string }
	if out := goIn(t, dir, address, "run", "."); json.Unmarshal(out, &got) != nil || got.ID == "" || got.Listed != got.ID {
		t.Fatalf("the client printed %s", out)
	}
	d.secret(got.Secret)
	wantAnswer(t, d.gate, d.get("/", bearer(got.Secret)), http.StatusUnauthorized, "revoked_key")
	trail := d.trail("?key_id=" + got.ID)
	if len(trail) != 3 || trail[0].Action != "key.revoke" || trail[1].Action != "key.edit" || trail[2].Action != "key.create" {
		t.Errorf("the audit trail has %+v", trail)
	}
}

func writeIn(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// goIn runs the go command in a folder, and returns what it prints.
func goIn(t *testing.T, dir string, env []string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generateWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go %v: %v\n%s", args, err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
