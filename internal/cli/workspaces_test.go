package cli

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

func TestAListShowsWhichPlansAreNotConfigured(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.ok(t, "workspaces", "create", "acme", "--plan", "free")
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		return tx.UpdateWorkspace(t.Context(), storage.Workspace{Name: "acme", Plan: "gone"})
	})
	if err != nil {
		t.Fatal(err)
	}
	out := f.ok(t, "workspaces", "list")
	if !strings.Contains(out, "gone (not configured)") || strings.Count(out, "not configured") != 1 {
		t.Errorf("listed\n%s", out)
	}
	data, _ := f.document(t, "workspaces", "list")["data"].([]any)
	for _, row := range data {
		w, _ := row.(map[string]any)
		if w["plan_configured"] == (w["name"] == "acme") {
			t.Errorf("listed %v", w)
		}
	}
	if out := f.ok(t, "workspaces", "edit", "acme", "--plan", "big"); strings.Contains(out, "not configured") {
		t.Errorf("edited: %s", out)
	}
}
