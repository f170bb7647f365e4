package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
)

// TestRoutesAreToldAsTheyAreInForceWithWhatWasCalledBesideThem asks for them
// by the file and over the API.
func TestRoutesAreToldAsTheyAreInForceWithWhatWasCalledBesideThem(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{policy: "route GET /v1/projects\nroute POST /v1/projects write"}, "")
	k := d.key()
	for range 3 {
		d.get("/v2/reports/0123456789abcdef0123456789abcdef01234567?q=1", k.bearer())
	}
	d.get("/v1/projects", k.bearer())
	d.get("/wp-login.php") // a stranger's
	var here, there manage.GatesView
	eventually(t, startWithin, "what no route lists is counted", func() bool {
		here = manage.GatesView{}
		d.must(&here, "routes")
		return len(here.Unlisted) > 0 && here.Unlisted[0].Calls == 3
	})
	if len(here.Unlisted) != 1 || here.Unlisted[0].Endpoint != "GET /v2/reports/{}" || here.Unlisted[0].Outcome != "route_not_allowed" {
		t.Errorf("beside the routes: %+v", here.Unlisted)
	}
	done := d.run(slices.Concat(d.program.manage, []string{"routes", "--api", "http://" + d.at, "--token", d.credential, "--json"})...)
	if err := json.Unmarshal([]byte(done.out), &there); err != nil {
		t.Fatalf("%+v: %v", done, err)
	}
	for i := range there.Gates {
		there.Gates[i].Address = ""
	}
	for i := range here.Gates {
		here.Gates[i].Address = "" // a file may tell more
	}
	if diff := cmp.Diff(here, there); diff != "" || len(here.Gates) != 1 || len(here.Gates[0].Routes) != 2 {
		t.Errorf("%+v (-file +api):\n%s", here, diff)
	}
	if !strings.HasPrefix(here.Unlisted[0].Gate, here.Gates[0].Place) {
		t.Errorf("counted at %q, and the gate is at %q", here.Unlisted[0].Gate, here.Gates[0].Place)
	}
}
