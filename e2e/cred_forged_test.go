package e2e

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sumChars = 6
)

// resum gives a secret the checksum that fits what stands before it, as the
// documentation of the format has it.
func resum(secret string) string {
	text := secret[:len(secret)-sumChars]
	sum, out := crc32.ChecksumIEEE([]byte(text)), ""
	for range sumChars {
		out = string(alphabet[sum%uint32(len(alphabet))]) + out
		sum /= uint32(len(alphabet))
	}
	return text + out
}

func TestNoSecretBesideTheRightOneOpensTheGate(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key()
	if resum(k.Secret) != k.Secret {
		t.Fatal("the checksum of a new secret is not the documented one")
	}
	forged := map[string]string{
		"appended": k.Secret + "0", "cut at the end": k.Secret[:len(k.Secret)-1], "cut at the front": k.Secret[1:],
		"doubled": k.Secret + k.Secret, "upper case": strings.ToUpper(k.Secret), "lower case": strings.ToLower(k.Secret),
	}
	for i := range k.Secret {
		changed := k.Secret[:i] + string(other(k.Secret[i])) + k.Secret[i+1:]
		forged[fmt.Sprintf("changed at %d", i)] = changed
		forged[fmt.Sprintf("changed at %d with its checksum", i)] = resum(changed)
		forged[fmt.Sprintf("cut at %d", i)] = k.Secret[:i] + k.Secret[i+1:]
	}
	for how, secret := range forged {
		if secret == k.Secret { // a change of the checksum that was undone
			continue
		}
		t.Run("CRED-11 "+how, func(t *testing.T) { wantNobody(t, g, secret) })
	}
}

func TestPrefixIsPartOfTheSecret(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	live, test := g.key(), g.key("--environment", "test")
	for name, secret := range map[string]string{
		"live key as a test key":                   strings.Replace(live.Secret, "ks_live_", "ks_test_", 1),
		"test key as a live key":                   strings.Replace(test.Secret, "ks_test_", "ks_live_", 1),
		"live key as a test key with its checksum": resum(strings.Replace(live.Secret, "ks_live_", "ks_test_", 1)),
		"test key as a live key with its checksum": resum(strings.Replace(test.Secret, "ks_test_", "ks_live_", 1)),
		"management token's prefix":                resum(strings.Replace(live.Secret, "ks_live_", "kst_", 1)),
	} {
		t.Run("CRED-12 "+name, func(t *testing.T) { wantNobody(t, g, secret) })
	}
}

// wantNobody checks that a secret is refused as that of nobody.
func wantNobody(t *testing.T, g *gate, secret string) {
	t.Helper()
	got := g.get("/v1/items", bearer(secret))
	if code := got.code(); got.status != http.StatusUnauthorized || code != "malformed_key" && code != "unknown_key" {
		t.Errorf("answered %v", got)
	}
	g.upstream.untouched(t)
}

func TestKeysOfTheOtherEnvironmentAreRefusedAndNotCounted(t *testing.T) {
	t.Parallel()
	g := setup(t, options{
		policy: "environment live",
		sites: `http://sandbox.test:$PORT {
			bind 127.0.0.1
			keystile {
				environment test
			}
			reverse_proxy $UPSTREAM
		}`,
	})
	live, test := g.key(), g.key("--environment", "test")
	tryAll(t, g, []attempt{
		{name: "live key where live keys are taken", target: "/", lines: []string{live.bearer()}, status: http.StatusOK},
		{name: "CRED-13 test key where live keys are taken", target: "/", lines: []string{test.bearer()},
			status: http.StatusForbidden, code: "environment_not_allowed"},
		{name: "CRED-13 live key where test keys are taken", target: "/", lines: []string{live.bearer(), "Host: sandbox.test"},
			status: http.StatusForbidden, code: "environment_not_allowed"},
	})
	g.stop() // flushes what was counted
	if calls := g.used(test.ID).TotalCalls; calls != 0 {
		t.Errorf("%d calls counted for the test key, which was only refused", calls)
	}
	if calls := g.used(live.ID).TotalCalls; calls != 1 {
		t.Errorf("%d calls counted for the live key, want the one that was allowed", calls)
	}
}
