package e2e

import (
	"strings"
	"syscall"
	"testing"
)

func TestARevocationThatIsWaitedForIsConfirmedBothWays(t *testing.T) {
	m := setupManaged(t, options{})
	for name, way := range map[string]func(...string) command{"store": m.cli, "API": m.over} {
		k := m.key()
		eventuallyAnswers(t, m.gate, k.Secret, 200, "")
		doc := m.document(way("keys", "revoke", k.ID, "--wait", "10s"))
		receipt, _ := doc["receipt"].(map[string]any)
		if receipt["confirmed"] != true || receipt["nodes"] != 1.0 || doc["status"] != "revoked" {
			t.Errorf("%s: %v", name, doc)
		}
		if got := m.get("/any", k.bearer()); got.status != 401 || !strings.Contains(got.body, "revoked_key") {
			t.Errorf("%s: confirmed, and then %v", name, got)
		}
	}
}

// A gate that stands still can't confirm anything, and must not be taken for
// one that has.
func TestARevocationThatNobodyConfirmsHasAnExitStatusOfItsOwn(t *testing.T) {
	g := setup(t, options{})
	k := g.key()
	g.process.signal(syscall.SIGSTOP)
	done := g.cli("keys", "revoke", k.ID, "--wait", "1s")
	g.process.signal(syscall.SIGCONT)
	if done.status != 3 || !strings.Contains(done.out, `"confirmed": false`) || !strings.Contains(done.out, `"pending": [`) ||
		!strings.HasPrefix(done.err, "keystile: "+k.ID+" is revoked, but not every gateway confirmed it within 1s: ") || strings.Count(done.err, "\n") != 1 {
		t.Errorf("%+v", done)
	}
	eventuallyAnswers(t, g, k.Secret, 401, "revoked_key")
}
