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
	f := setup(t)
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

func TestEveryDescribedPathIsServed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id, _ := f.create(t, `{"name":"a key"}`)["id"].(string)
	paths, _ := f.do(t, "GET", "/v1/openapi.json", "").doc["paths"].(map[string]any)
	calls := 0
	for path, item := range paths {
		for method := range item.(map[string]any) {
			calls++
			got := f.do(t, strings.ToUpper(method), strings.ReplaceAll(path, "{id}", id), `{}`)
			if got.StatusCode == 404 || got.StatusCode == 405 || got.StatusCode >= 500 {
				t.Errorf("%s %s: %d %s", method, path, got.StatusCode, got.text)
			}
		}
	}
	if calls != 7 {
		t.Errorf("the document has %d calls", calls)
	}
}
