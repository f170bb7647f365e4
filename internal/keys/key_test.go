package keys_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestRACE04KeyThatEndsAtNoonIsRefusedAtNoon(t *testing.T) {
	t.Parallel()
	key, token := keys.Key{ExpiresAt: noon}, keys.Token{ExpiresAt: noon}
	for _, tt := range []struct {
		now  time.Time
		want bool
	}{
		{noon.Add(-time.Nanosecond), false},
		{noon, true},
		{noon.Add(time.Hour), true},
		{noon.In(time.FixedZone("", -3600)), true},
	} {
		if key.Expired(tt.now) != tt.want || token.Expired(tt.now) != tt.want {
			t.Errorf("expired at %v: key %v, token %v; want %v", tt.now, key.Expired(tt.now), token.Expired(tt.now), tt.want)
		}
	}
}

func TestKeyWithoutAnEndNeverExpires(t *testing.T) {
	t.Parallel()
	var key keys.Key
	var token keys.Token
	if late := noon.AddDate(1000, 0, 0); key.Expired(late) || token.Expired(late) {
		t.Error("expired without an end date")
	}
}

func TestStatusIsRevokedThenExpiredThenAsStored(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stored keys.Status
		ended  bool
		want   keys.Status
	}{
		{keys.Active, false, keys.Active},
		{keys.Inactive, false, keys.Inactive},
		{keys.Revoked, false, keys.Revoked},
		{keys.Active, true, keys.Expired},
		{keys.Inactive, true, keys.Expired},
		{keys.Revoked, true, keys.Revoked},
	} {
		key := keys.Key{Status: tt.stored, ExpiresAt: noon}
		now := noon.Add(-time.Second)
		if tt.ended {
			now = noon
		}
		if got := key.StatusAt(now); got != tt.want {
			t.Errorf("status of a key stored %s (ended: %v) = %s, want %s", tt.stored, tt.ended, got, tt.want)
		}
	}
}

func TestOnlyAllStandsForOtherScopes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		scopes []string
		want   bool
	}{
		{nil, false},
		{[]string{"read"}, false},
		{[]string{"read", "write"}, true},
		{[]string{keys.ScopeAll}, true},
		{[]string{keys.ScopeManageKeys}, false},
		{[]string{"ALL", "Write", "writes", "*"}, false},
	} {
		key := keys.Key{Scopes: tt.scopes}
		if got := key.Holds("write"); got != tt.want {
			t.Errorf("a key with %q holds write: %v, want %v", tt.scopes, got, tt.want)
		}
	}
}
