package caddymodule

import (
	"cmp"
	"net"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ports are what a server listens on.
type ports struct {
	on    []caddy.NetworkAddress
	usual bool // one of them is what addresses without a port mean
}

func portsOf(app *caddyhttp.App, server *caddyhttp.Server) (p ports) {
	for _, address := range server.Listen {
		on, err := caddy.ParseNetworkAddress(address)
		if err != nil || on.IsUnixNetwork() || on.IsFdNetwork() {
			continue // it has no port
		}
		p.on = append(p.on, on)
	}
	plain, secure := cmp.Or(app.HTTPPort, caddyhttp.DefaultHTTPPort), cmp.Or(app.HTTPSPort, caddyhttp.DefaultHTTPSPort)
	p.usual = p.include(uint(plain)) || p.include(uint(secure))
	return p
}

func (p *ports) include(port uint) bool {
	for _, on := range p.on {
		if on.StartPort <= port && port <= on.EndPort {
			return true
		}
	}
	return false
}

// portIn is the port that stands behind a host.
func portIn(host string) (port uint, named bool) {
	_, text, err := net.SplitHostPort(host)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint(n), err == nil
}

// listening narrows gates by their ports. Where none is left, the ports are
// those of something in front of this process, and tell nothing.
func listening(sites []standing, on func(*standing) bool) (left []standing) {
	for i := range sites {
		if on(&sites[i]) {
			left = append(left, sites[i])
		}
	}
	if len(left) == 0 {
		return sites
	}
	return left
}
