package e2e

import (
	"net/http"
	"testing"
	"time"
)

func TestFLEET06AKillRightAfterTheAnswerUndoesNoRevocation(t *testing.T) {
	t.Parallel()
	const kills = 100
	m := setupManaged(t, options{})
	all := m.plant(kills, nil)
	began := time.Now()
	for i, k := range all {
		if got := m.get("/", k.bearer()); got.status != http.StatusOK {
			t.Fatalf("at first: %v", got)
		}
		got, err := m.revoke(k.ID, "")
		m.kill()
		if err != nil || got.Status != "revoked" {
			t.Fatalf("%+v, %v", got, err)
		}
		m.start()
		if got := m.get("/", k.bearer()); got.code() != "revoked_key" {
			t.Fatalf("after kill %d: %v", i+1, got)
		}
	}
	t.Logf("%d kills in %v", kills, time.Since(began).Round(time.Second))
	for _, k := range all {
		if got := m.get("/", k.bearer()); got.code() != "revoked_key" {
			t.Errorf("in the end: %v", got)
		}
	}
}
