package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// ParseNets reads addresses and CIDR blocks. IPv4-mapped IPv6 is read as IPv4.
func ParseNets(texts []string) ([]netip.Prefix, error) {
	nets := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		one, err := parseNet(text)
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

// mappedBits is the length of the prefix ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
const mappedBits = 96

func parseNet(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is no address", text)
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no block of addresses", text)
	}
	if addr := block.Addr(); addr.Is4In6() && block.Bits() >= mappedBits {
		block = netip.PrefixFrom(addr.Unmap(), block.Bits()-mappedBits)
	}
	return block.Masked(), nil
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
