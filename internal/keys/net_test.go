package keys_test

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestAddressesHaveOneSpellingThatMeansTheSame(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.7":               "192.0.2.7",
		"::ffff:192.0.2.7":        "192.0.2.7",
		"192.0.2.7/32":            "192.0.2.7/32",
		"10.1.2.3/8":              "10.0.0.0/8",
		"0.0.0.0/0":               "0.0.0.0/0",
		"::ffff:192.0.2.0/120":    "192.0.2.0/24",
		"::ffff:0:0/96":           "0.0.0.0/0",
		"::ffff:0:0/95":           "::fffe:0:0/95",
		"2001:0DB8:0:0:0:0:0:1":   "2001:db8::1",
		"2001:db8:1:2:3:4:5:6/48": "2001:db8:1::/48",
	} {
		got, err := keys.CanonicalNet(text)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
			continue
		}
		one, err := keys.ParseNet(text)
		again, errAgain := keys.ParseNet(got)
		if err != nil || errAgain != nil || one != again {
			t.Errorf("%q is %v, and %q is %v (%v, %v)", text, one, got, again, err, errAgain)
		}
	}
	for _, text := range []string{"", "any", "192.0.2.256", "192.0.2.7/33", "/24", "192.0.2.07", "::1%eth0", "fe80::/10%eth0", "192.0.2.7:80"} {
		if got, err := keys.CanonicalNet(text); err == nil {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}
