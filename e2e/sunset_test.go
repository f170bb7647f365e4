package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAKeyInItsGraceTellsItsClientsWhenItEnds(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /open\nroute GET /closed never\nroute GET /old", behind: "header /old Sunset \"Thu, 31 Dec 2026 23:59:59 GMT\"\nrespond ok"})
	k := g.key()
	if got := g.get("/open", k.bearer()); got.header.Get("Deprecation")+got.header.Get("Sunset")+got.header.Get("Keystile-Key-Sunset") != "" {
		t.Errorf("before it is rotated: %v", got.header)
	}
	var next key
	g.must(&next, "keys", "rotate", k.ID, "--grace", "1h")
	g.secret(next.Secret)
	var old struct {
		ExpiresAt time.Time `json:"expires_at"`
	}
	g.must(&old, "keys", "show", k.ID)
	date := old.ExpiresAt.UTC().Format(http.TimeFormat)
	var got response
	eventually(t, startWithin, "the gate knows of the rotation", func() bool {
		got = g.get("/open", k.bearer())
		return got.header.Get("Keystile-Key-Sunset") != ""
	})
	for target, upstreams := range map[string]string{"/open": "", "/closed": "", "/old": "Thu, 31 Dec 2026 23:59:59 GMT"} {
		got := g.get(target, k.bearer())
		if own := got.header.Get("Keystile-Key-Sunset"); own != date {
			t.Errorf("%s: its key ends %q, want %q", target, own, date)
		}
		if sunset := got.header.Get("Sunset"); sunset != orElse(upstreams, date) {
			t.Errorf("%s: Sunset: %s", target, sunset)
		}
		since, err := strconv.ParseInt(strings.TrimPrefix(got.header.Get("Deprecation"), "@"), 10, 64)
		if upstreams == "" && (err != nil || time.Since(time.Unix(since, 0)).Abs() > time.Minute) {
			t.Errorf("%s: Deprecation: %s", target, got.header.Get("Deprecation"))
		}
	}
	if got := g.get("/open", next.bearer()); got.header.Get("Sunset")+got.header.Get("Keystile-Key-Sunset") != "" {
		t.Errorf("its replacement: %v", got.header)
	}
}
