package e2e

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// RACE-05, in front of keystile_verify: a cache between it and who asks must
// keep no answer, the allowed ones included.
func TestNoAnswerOfVerifyMayBeKept(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{"each status its own": "", "every refusal a 403": "deny_status 403"} {
		t.Run("RACE-05 "+name, func(t *testing.T) {
			t.Parallel()
			a := setupAsked(t, options{app: "rate_limit live 1/h burst 1", policy: "route GET /v1/items read\nroute GET /open public"}, asksHere+"\n"+lines)
			k := a.key("--scopes", "read")
			ask := func(target string, lines ...string) response { return a.about(http.MethodGet, target, lines...) }
			wantUnkept(t, http.StatusOK, ask("/v1/items", k.bearer()))
			wantUnkept(t, http.StatusOK, ask("/open"))
			wantUnkept(t, http.StatusTooManyRequests, ask("/v1/items", k.bearer()))
			wantUnkept(t, http.StatusUnauthorized, ask("/v1/items"))
			wantUnkept(t, http.StatusForbidden, ask("/v1/other", k.bearer()))
			wantUnkept(t, http.StatusBadRequest, ask("/v1//items", k.bearer()))
			wantUnkept(t, http.StatusBadRequest, a.with())
			a.breakStore()
			wantUnkept(t, http.StatusServiceUnavailable, ask("/v1/items", bearer(drawSecret(keys.Live))))
			a.mendStore()
		})
	}
}

// wantUnkept checks what an answer says to caches. A status of its own stands in
// a header where all refusals have one.
func wantUnkept(t *testing.T, status int, got response) {
	t.Helper()
	is := got.status
	if said := got.header.Get("Keystile-Status"); said != "" && is == http.StatusForbidden {
		is, _ = strconv.Atoi(said)
	}
	if is != status {
		t.Errorf("answered %v, want %d", got, status)
	}
	if said := got.header.Values("Cache-Control"); !slices.Equal(said, []string{"no-store"}) {
		t.Errorf("%d: Cache-Control %q", status, said)
	}
	for _, header := range []string{"Expires", "Age", "Etag", "Last-Modified"} {
		if said := got.header.Get(header); said != "" {
			t.Errorf("%d: %s %q", status, header, said)
		}
	}
}
