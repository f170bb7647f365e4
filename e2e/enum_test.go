package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

func TestOnlyTheWholeSecretTellsTheStateOfAKey(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	states := []struct {
		code string
		fill func(*keys.Key)
	}{
		{"", func(*keys.Key) {}},
		{"revoked_key", func(k *keys.Key) { k.Status = keys.Revoked }},
		{"inactive_key", func(k *keys.Key) { k.Status = keys.Inactive }},
		{"expired_key", func(k *keys.Key) { k.ExpiresAt = time.Now().Add(-time.Hour) }},
	}
	planted := g.plant(len(states), func(i int, k *keys.Key) {
		k.Environment = keys.Live
		states[i].fill(k)
	})
	for i, state := range states {
		s := planted[i].Secret
		status := http.StatusUnauthorized
		if state.code == "" {
			status = http.StatusOK
		}
		tryAll(t, g, []attempt{
			{name: "ENUM-01 whole secret " + state.code, target: "/", lines: []string{bearer(s)}, status: status, code: state.code},
			{name: "ENUM-01 wrong end", target: "/", lines: []string{bearer(resum(s[:len(s)-sumChars-1] + string(other(s[len(s)-sumChars-1])) + s[len(s)-sumChars:]))},
				status: http.StatusUnauthorized, code: "unknown_key"},
			{name: "ENUM-01 wrong start", target: "/", lines: []string{bearer(resum(s[:8] + string(other(s[8])) + s[9:]))},
				status: http.StatusUnauthorized, code: "unknown_key"},
			{name: "ENUM-01 key's ID", target: "/", lines: []string{bearer(planted[i].ID)}, status: http.StatusUnauthorized, code: "malformed_key"},
			{name: "ENUM-01 checksum only", target: "/", lines: []string{bearer(s[:len(s)-1] + string(other(s[len(s)-1])))},
				status: http.StatusUnauthorized, code: "malformed_key"},
		})
	}
}
