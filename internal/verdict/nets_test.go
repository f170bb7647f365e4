package verdict_test

import (
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/verdict"
)

func TestAKeyIsGoodFromTheAddressesThatItLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, listed, client string
		passes             bool
	}{
		{"none listed", "", "203.0.113.9", true},
		{"none listed, none read", "", "", true},
		{"HDR-05", "192.0.2.7", "192.0.2.7", true},
		{"HDR-05", "192.0.2.7", "192.0.2.8", false},
		{"HDR-05", "10.0.0.0/8 192.0.2.7", "10.255.0.1", true},
		{"HDR-05", "10.0.0.0/8", "11.0.0.0", false},
		{"HDR-05 host bits", "10.1.2.3/8", "10.9.9.9", true},
		{"HDR-05 unreadable client", "0.0.0.0/0 ::/0", "", false},
		{"HDR-05 mapped client", "192.0.2.7", "::ffff:192.0.2.7", true},
		{"HDR-05 mapped client in a block", "192.0.2.0/24", "::ffff:192.0.2.200", true},
		{"HDR-05 mapped client outside", "192.0.2.0/24", "::ffff:192.0.3.1", false},
		{"HDR-05 mapped address listed", "::ffff:192.0.2.7", "192.0.2.7", true},
		{"HDR-05 mapped block listed", "::ffff:192.0.2.0/120", "192.0.2.99", true},
		{"HDR-05 mapped block listed", "::ffff:192.0.2.0/120", "192.0.3.99", false},
		{"HDR-05 mapped blocks of all", "::ffff:0:0/96", "192.0.3.99", true},
		{"HDR-05 IPv6", "2001:db8::/32", "2001:db8:1::1", true},
		{"HDR-05 IPv6", "2001:db8::/32", "2001:db9::1", false},
		{"HDR-05 IPv6 spelled otherwise", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1", true},
		{"HDR-05 IPv6 with a zone", "fe80::/10", "fe80::1%eth0", true},
		{"HDR-05 IPv6 with a zone", "fe80::1", "fe80::1%eth0", true},
		{"HDR-05 IPv4 is not in ::/0", "::/0", "192.0.2.7", false},
		{"HDR-05 IPv6 is not in 0.0.0.0/0", "0.0.0.0/0", "2001:db8::1", false},
	} {
		a := setup()
		a.key.AllowedIPs, a.client = words(c.listed), c.client
		want := ""
		if !c.passes {
			want = "ip_not_allowed"
		}
		if got := a.judge(t); got != want {
			t.Errorf("%s: %q from %q: %q, want %q", c.id, c.listed, c.client, got, want)
		}
	}
}

func TestAnAddressThatCannotBeReadMakesTheKeyUnreadable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "any", "*", "192.0.2", "192.0.2.256", "192.0.2.7/33", "192.0.2.7/", "/24", "192.0.2.07", "192.0.2.7 ", "::1%eth0", "fe80::/10%eth0", "192.0.2.1-9",
		"::ffff:192.0.2.7/129", "localhost", "192.0.2.7:80", "192.0.2.0/255.255.255.0",
	} {
		if p, err := verdict.NewPrincipal(&keys.Key{AllowedIPs: []string{"10.0.0.1", text}}); err == nil || p != nil {
			t.Errorf("DATA-04: %q is read as %v", text, p)
		}
	}
}

func TestAddressesAreReadInOneSpelling(t *testing.T) {
	t.Parallel()
	got, err := verdict.ParseNets([]string{"10.1.2.3/8", "::ffff:192.0.2.7", "::ffff:192.0.2.7/120", "2001:DB8::1", "::ffff:0:0/95"})
	if want := "[10.0.0.0/8 192.0.2.7/32 192.0.2.0/24 2001:db8::1/128 ::fffe:0:0/95]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v; want %s", got, err, want)
	}
}

func FuzzAnAddressIsReadOrRefused(f *testing.F) {
	for _, text := range []string{"", "10.0.0.0/8", "::ffff:1.2.3.4/97", "fe80::1%x", "1.2.3.4/32", "/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nets, err := verdict.ParseNets([]string{text})
		if err != nil {
			return
		}
		if len(nets) != 1 || !nets[0].IsValid() || nets[0] != nets[0].Masked() || nets[0].Addr().Is4In6() && nets[0].Bits() >= 96 {
			t.Errorf("%q is read as %v", text, nets)
		}
		again, err := verdict.ParseNets([]string{nets[0].String()})
		if err != nil || again[0] != nets[0] {
			t.Errorf("%q is read as %v, and that as %v, %v", text, nets, again, err)
		}
	})
}
