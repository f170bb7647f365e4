package forwarded

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientIsTheLastAddressThatNoTrustedProxyHas(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for want, lists := range map[string][][]string{
		"192.0.2.7": {
			{"192.0.2.7"}, {"192.0.2.7, 10.1.1.1"}, {"203.0.113.9, 192.0.2.7, 10.1.1.1"}, {"203.0.113.9", "192.0.2.7", "10.1.1.1"},
			{"192.0.2.7:4711"}, {"::ffff:192.0.2.7"}, {"garbage, 192.0.2.7,10.2.3.4"}, {"[::ffff:192.0.2.7]:80 , 2001:db8:1::5"},
		},
		"2001:db8::7": {{"2001:db8::7"}, {"[2001:db8::7]:443"}, {"[2001:db8::7]"}, {"2001:db8::7%eth0"}},
		"10.3.3.3":    {{"10.3.3.3"}, {"10.3.3.3, 10.1.1.1"}}, // a proxy's own request
		"invalid IP":  {nil, {""}, {"unknown"}, {"192.0.2.7, garbage"}, {"192.0.2.7, "}, {"192.0.2.7, garbage, 10.1.1.1"}, {"_hidden"}},
	} {
		for _, values := range lists {
			if got := Client(http.Header{"X-Forwarded-For": values}, trusted); got.String() != want {
				t.Errorf("%q: got %v, want %v", values, got, want)
			}
		}
	}
}

func TestPeerIsTheAddressOfAConnectionWithoutItsPort(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::1", "[fe80::1%eth0]:80": "fe80::1", "[::ffff:192.0.2.1]:1": "192.0.2.1",
		"@": "invalid IP", "": "invalid IP",
	} {
		if got := Peer(remote).String(); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}

// FuzzClient reads any list: it is never an address that the list doesn't have
// behind the last one that counts.
func FuzzClient(f *testing.F) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Add("192.0.2.7, 10.1.1.1")
	f.Add("a,,[::1]:1")
	f.Fuzz(func(t *testing.T, list string) {
		got := Client(http.Header{"X-Forwarded-For": {list + ", 192.0.2.7, 10.1.1.1"}}, trusted)
		if got != netip.MustParseAddr("192.0.2.7") {
			t.Fatalf("%q in front of the client made it %v", list, got)
		}
	})
}
