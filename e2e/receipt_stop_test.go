package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// hang has somebody wait for a receipt that can't be confirmed for an hour, and
// returns how to get the answer.
func (d desk) hang(k key) (answered <-chan response) {
	d.t.Helper()
	d.sql("INSERT INTO nodes (incarnation, name, applied, trust, beats, doubted) VALUES ('silent', 'web-9/1', 0, 3600000000, 0, false) " +
		"ON CONFLICT (incarnation) DO UPDATE SET applied = 0, trust = 3600000000, beats = 0, doubted = false")
	done := make(chan response, 1)
	go func() {
		got, err := d.call(http.MethodPost, "/v1/keys/"+k.ID+"/revoke", `{"wait":"5m"}`)
		if err != nil {
			d.t.Error(err)
		}
		done <- got
	}()
	eventually(d.t, startWithin, "the key is revoked", func() bool { return d.get("/", k.bearer()).code() == "revoked_key" })
	return done
}

// wantUnconfirmed takes the answer of a wait that was cut short.
func wantUnconfirmed(t *testing.T, answered <-chan response) {
	t.Helper()
	select {
	case got := <-answered:
		if got.status != http.StatusOK || !strings.Contains(got.body, `"confirmed":false`) || !strings.Contains(got.body, "web-9/1") {
			t.Errorf("answered %v", got)
		}
	case <-time.After(stopWithin):
		t.Error("who waits for a receipt is not answered")
	}
}

func TestAWaitForAReceiptHoldsUpNeitherAReloadNorTheEnd(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	first := d.hang(d.newKey(""))
	d.reload(d.caddyfile() + "\n# changed\n")
	wantUnconfirmed(t, first)

	second := d.hang(d.newKey(""))
	if status := d.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	wantUnconfirmed(t, second)
}
