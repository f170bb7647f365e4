package e2e

import (
	"fmt"
	"strings"
	"testing"
)

func TestActivityUnderObserveHasWhatTheUpstreamAnswered(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /closed never\nroute GET /open\nmode observe", behind: "respond /closed seen 418\nrespond fine 201"})
	k := g.key()
	for target, status := range map[string]int{"/closed": 418, "/open": 201, "/else": 201} {
		if got := g.get(target, k.bearer()); got.status != status {
			t.Errorf("%s: answered %v", target, got)
		}
	}
	var noted struct {
		Data []struct {
			Status  int
			Outcome string
		}
	}
	eventually(t, startWithin, "three calls are noted", func() bool {
		g.must(&noted, "keys", "activity", k.ID)
		return len(noted.Data) == 3
	})
	got := fmt.Sprint(noted.Data)
	for _, want := range []string{"{418 insufficient_scope}", "{201 allowed}", "{201 route_not_allowed}"} {
		if !strings.Contains(got, want) {
			t.Errorf("noted %s, want %s among it", got, want)
		}
	}
	if calls := g.used(k.ID).TotalCalls; calls != 1 {
		t.Errorf("%d calls are counted, want the one that would have been let in", calls)
	}
}
