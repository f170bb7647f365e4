package api_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden file")

func TestTheDocumentDescribesWhatIsServed(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	got := f.do(t, "GET", "/v1/openapi.json", "")
	text, err := json.MarshalIndent(got.doc, "", "  ")
	if err != nil || got.StatusCode != 200 {
		t.Fatalf("%d, %v", got.StatusCode, err)
	}
	file := filepath.Join("testdata", "openapi.json.golden")
	if *update {
		if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
	if strings.Contains(string(text), "$schema") {
		t.Error("the document adds $schema")
	}
}
