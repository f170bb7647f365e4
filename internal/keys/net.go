package keys

import (
	"fmt"
	"net/netip"
	"strings"
)

// mappedBits is the length of the prefix ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
const mappedBits = 96

// ParseNet reads an address or a CIDR block, as a key's AllowedIPs list them.
// Host bits are cut off, and IPv4-mapped IPv6 is read as IPv4.
func ParseNet(text string) (netip.Prefix, error) {
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

// siteBits is how much of an IPv6 address names a site (RFC 6177): one of them
// can call from all addresses behind it.
const siteBits = 64

// ClientBlock is all that one client may call from: an address of IPv4, or a
// site of IPv6. The zero Addr has one, too.
func ClientBlock(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = siteBits
	}
	block, _ := client.Prefix(bits)
	return block
}

// CanonicalNet is the one spelling of what ParseNet reads.
func CanonicalNet(text string) (string, error) {
	block, err := ParseNet(text)
	if err != nil || strings.Contains(text, "/") {
		return block.String(), err
	}
	return block.Addr().String(), nil
}
