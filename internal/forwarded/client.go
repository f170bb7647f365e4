package forwarded

import (
	"net/http"
	"net/netip"
	"strings"
)

// Client is the address that a trusted proxy asks for: the last one of
// X-Forwarded-For that is none of the trusted proxies', or the first where all
// are. It is the zero Addr where nobody says it, or where one that counts can't be read:
// what stands before that one is anybody's word.
func Client(h http.Header, trusted []netip.Prefix) netip.Addr {
	var client netip.Addr
	names := strings.Split(strings.Join(h["X-Forwarded-For"], ","), ",")
	for i := len(names) - 1; i >= 0; i-- {
		addr, ok := address(strings.TrimSpace(names[i]))
		if !ok {
			return netip.Addr{}
		}
		if client = addr; !Within(client, trusted) {
			break
		}
	}
	return client
}

// Peer is the address of a connection's other end; the zero Addr where it has
// none.
func Peer(remote string) netip.Addr {
	addr, _ := address(remote)
	return addr
}

// Within reports whether one of the blocks holds an address.
func Within(addr netip.Addr, blocks []netip.Prefix) bool {
	for _, block := range blocks {
		if block.Contains(addr) {
			return true
		}
	}
	return false
}

// address reads an address, with a port or without. IPv4 within IPv6 is IPv4;
// zones mean nothing elsewhere.
func address(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		both, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = both.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
