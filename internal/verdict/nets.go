package verdict

import (
	"net/netip"
	"slices"

	"github.com/keystile/keystile/internal/keys"
)

// ParseNets reads addresses and CIDR blocks.
func ParseNets(texts []string) ([]netip.Prefix, error) {
	nets := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		one, err := keys.ParseNet(text)
		if err != nil {
			return nil, err
		}
		nets = append(nets, one)
	}
	return nets, nil
}

// Covers reports whether a key that may be used from outer may be used from
// wherever one that may be used from inner is. It holds each block of inner
// against each of outer, and doesn't add blocks up.
func Covers(outer, inner []netip.Prefix) bool {
	if len(outer) == 0 {
		return true
	}
	for _, one := range inner {
		if !slices.ContainsFunc(outer, func(o netip.Prefix) bool { return o.Bits() <= one.Bits() && o.Contains(one.Addr()) }) {
			return false
		}
	}
	return len(inner) > 0
}

// Within reports whether an address may use a key. One that can't be read
// (the zero Addr) is refused wherever addresses are listed.
func Within(nets []netip.Prefix, client netip.Addr) bool {
	if len(nets) == 0 {
		return true
	}
	client = client.Unmap().WithZone("")
	for _, one := range nets {
		if one.Contains(client) {
			return true
		}
	}
	return false
}
