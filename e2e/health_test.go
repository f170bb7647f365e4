package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/engine"
)

// health is what a probe is told, at keystile_admin and at Caddy's admin
// endpoint, which must say the same.
func (d desk) health(path string) (status int, said engine.Readiness) {
	d.t.Helper()
	got, err := d.as("").call(http.MethodGet, path, "")
	if err != nil {
		d.t.Fatal(err)
	}
	ask, err := http.NewRequest(http.MethodGet, "http://"+d.admin+"/keystile"+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	status, text, err := exchangeAdmin(ask)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		d.t.Fatalf("%s: %d %q", path, status, text)
	}
	if got.status != status { // the moment between the two may have changed it
		return 0, said
	}
	return status, said
}

// becomes waits until a probe of readiness is told this.
func (d desk) becomes(status int, store, limiter string) {
	d.t.Helper()
	want := engine.Readiness{Ready: status == http.StatusOK, Store: store, Limiter: limiter}
	eventually(d.t, startWithin, "ready: store "+store+", limiter "+limiter, func() bool {
		got, said := d.health("/readyz")
		return got == status && said == want
	})
	if live, _ := d.health("/healthz"); live != http.StatusOK {
		d.t.Errorf("it isn't live: %d", live)
	}
}

func TestAGateIsReadyWhileItMayBelieveWhatItKnows(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		app    string
		status int
		store  string
	}{
		"denied": {"max_staleness 1s", http.StatusServiceUnavailable, engine.PartAway},
		"served": {"max_staleness 1s\non_store_failure serve_stale 5m", http.StatusOK, engine.PartStale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setupDesk(t, options{driver: "sqlite", limiter: "local", app: row.app}, "/keys")
			d.becomes(http.StatusOK, engine.PartOK, engine.PartOK)
			must(t, os.Rename(d.db, d.db+".away"))
			d.becomes(row.status, row.store, engine.PartOK)
			must(t, os.Rename(d.db+".away", d.db))
			d.becomes(http.StatusOK, engine.PartOK, engine.PartOK)
		})
	}
}

func TestAGateWithoutItsLimiterIsReadyWhereItGoesOnWithItsShare(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status  int
		limiter string
	}{"share": {http.StatusOK, engine.PartShare}, "deny": {http.StatusServiceUnavailable, engine.PartAway}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p, url := proxied(t)
			d := setupDesk(t, options{driver: "sqlite", limiter: "redis " + url, app: "on_limiter_failure " + name}, "")
			d.becomes(http.StatusOK, engine.PartOK, engine.PartOK)
			p.Cut()
			d.becomes(row.status, engine.PartOK, row.limiter)
			p.Heal()
			d.becomes(http.StatusOK, engine.PartOK, engine.PartOK)
		})
	}
}

func TestProbesAreToldNothingElseAndTakeNothing(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{driver: "sqlite"}, "")
	got, err := d.as("").call(http.MethodGet, "/readyz", "")
	must(t, err)
	if text := strings.TrimSpace(got.body); text != `{"ready":true,"store":"ok","limiter":"ok"}` || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("told %q with %q", text, got.header.Get("Cache-Control"))
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		if got, err := d.as("").call(method, "/healthz", ""); err != nil || got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %v, %v", method, got, err)
		}
	}
}
