package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/google/go-cmp/cmp"

	_ "github.com/keystile/keystile/caddymodule/locallimiter"
	_ "github.com/keystile/keystile/caddymodule/postgresstore"
	_ "github.com/keystile/keystile/caddymodule/redislimiter"
	_ "github.com/keystile/keystile/caddymodule/sqlitestore"
)

var update = flag.Bool("update", false, "write what is produced as what is expected")

const (
	dashes = "----------\n"
	// refused marks the line that an error must name.
	refused = "# refused"
)

// TestCaddyfileIsAdaptedOrRefusedAsWritten takes each case of testdata: a
// Caddyfile, dashes, and the JSON or (name_error) the error that comes of it.
func TestCaddyfileIsAdaptedOrRefusedAsWritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".caddyfiletest")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, want := readCase(t, file)
			produce := adapted
			if strings.HasSuffix(name, "_error") {
				produce = refusal
			}
			got := produce(t, text)
			if *update && got != want {
				writeCase(t, file, text, got)
			}
			if diff := cmp.Diff(want, got); diff != "" && !*update {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func readCase(t testing.TB, file string) (text, want string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, want, found := strings.Cut(string(content), dashes)
	if !found {
		t.Fatalf("%s has no dashes", file)
	}
	return text, want
}

func writeCase(t *testing.T, file, text, want string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text+dashes+want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// adaptText does what the command adapt does.
func adaptText(text string) ([]byte, error) {
	doc, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	return doc, err
}

func adapted(t *testing.T, text string) string {
	t.Helper()
	doc, err := adaptText(text)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

// refusal is the error for a Caddyfile, which must name the marked line.
func refusal(t *testing.T, text string) string {
	t.Helper()
	_, err := adaptText(text)
	if err == nil {
		t.Fatal("it is not refused")
	}
	before, _, marked := strings.Cut(text, refused)
	if !marked {
		t.Fatalf("no line ends with %q", refused)
	}
	where := fmt.Sprintf(", at Caddyfile:%d", 1+strings.Count(before, "\n"))
	if message := err.Error(); !strings.HasSuffix(message, where) && !strings.Contains(message, where+" import chain") {
		t.Errorf("the error does not name the line%s:\n%s", where, message)
	}
	return err.Error() + "\n"
}
