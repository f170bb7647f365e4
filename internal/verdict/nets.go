package verdict

import (
	"net/netip"

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

// within reports whether an address may use a key. One that can't be read
// (the zero Addr) is refused wherever addresses are listed.
func within(nets []netip.Prefix, client netip.Addr) bool {
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
