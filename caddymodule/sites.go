package caddymodule

import (
	"cmp"
	"encoding/json"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// httpConfig is what of a configuration's HTTP app says where a site is.
type httpConfig struct {
	Apps struct {
		HTTP struct {
			HTTPPort  int                     `json:"http_port"`
			HTTPSPort int                     `json:"https_port"`
			Servers   map[string]serverConfig `json:"servers"`
		} `json:"http"`
	} `json:"apps"`
}

type serverConfig struct {
	Listen    []string          `json:"listen"`
	Routes    []routeConfig     `json:"routes"`
	TLS       []json.RawMessage `json:"tls_connection_policies"`
	AutoHTTPS struct {
		Disable bool     `json:"disable"`
		Skip    []string `json:"skip"`
	} `json:"automatic_https"`
}

type routeConfig struct {
	Match  []map[string]json.RawMessage `json:"match"`
	Handle []json.RawMessage            `json:"handle"`
}

// served is where a configuration serves gates and the management API, for
// people to try.
type served struct {
	gates []servedGate // in the order of the configuration
	admin string       // empty: none was found
}

// servedIn finds them. What stands behind a condition other than the host is
// left out: its address alone would not lead there.
func servedIn(adapted []byte, app *Config) (found served) {
	var config httpConfig
	if json.Unmarshal(adapted, &config) != nil {
		return found
	}
	servers := config.Apps.HTTP.Servers
	byAge := func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }
	for _, name := range slices.SortedFunc(maps.Keys(servers), byAge) {
		server := servers[name]
		for _, route := range server.Routes {
			host, plain := route.host()
			if address := config.address(&server, host); plain && address != "" {
				found.collect(address, route.Handle, app)
			}
		}
	}
	return found
}

// collect looks for our handlers, down through what groups them.
func (s *served) collect(address string, handlers []json.RawMessage, app *Config) {
	for _, text := range handlers {
		var is struct {
			Handler string `json:"handler"`
		}
		_ = json.Unmarshal(text, &is) // what is wrong with handlers, Caddy or the gate says
		switch is.Handler {
		case "keystile":
			var p Policy
			_ = json.Unmarshal(text, &p)
			if site, err := p.site(app); err == nil {
				s.gates = append(s.gates, servedGate{address, site})
			}
		case "keystile_admin":
			s.admin = cmp.Or(s.admin, address)
		case "subroute":
			var group struct {
				Routes []routeConfig `json:"routes"`
			}
			_ = json.Unmarshal(text, &group)
			for _, route := range group.Routes {
				if len(route.Match) == 0 {
					s.collect(address, route.Handle, app)
				}
			}
		}
	}
}

// host is the first that a route is for, empty for any; plain says that it
// asks for nothing else.
func (r *routeConfig) host() (host string, plain bool) {
	if len(r.Match) == 0 {
		return "", true
	}
	var hosts []string
	if len(r.Match) > 1 || len(r.Match[0]) != 1 || json.Unmarshal(r.Match[0]["host"], &hosts) != nil {
		return "", false
	}
	for _, host := range hosts {
		if host != "" && !strings.ContainsAny(host, "*{") {
			return host, true
		}
	}
	return "", false
}

// address is where a site is reached; empty: it can't be told.
func (c *httpConfig) address(s *serverConfig, host string) string {
	if len(s.Listen) == 0 {
		return ""
	}
	on, err := caddy.ParseNetworkAddress(s.Listen[0])
	if err != nil || !strings.HasPrefix(on.Network, "tcp") || on.StartPort == 0 || strings.Contains(on.Host, "{") {
		return ""
	}
	port, plainPort, securePort := int(on.StartPort), cmp.Or(c.Apps.HTTP.HTTPPort, 80), cmp.Or(c.Apps.HTTP.HTTPSPort, 443)
	scheme, usual := "https", 443
	if port == plainPort || !s.secured(host, port == securePort) {
		scheme, usual = "http", 80
	}
	name := cmp.Or(host, reachable(on.Host))
	if port == usual {
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		return scheme + "://" + name
	}
	return scheme + "://" + net.JoinHostPort(name, strconv.Itoa(port))
}

// secured reports whether a site speaks TLS: by a policy of its own, or because
// Caddy sees to it.
func (s *serverConfig) secured(host string, usualPort bool) bool {
	switch {
	case len(s.TLS) > 0:
		return true
	case s.AutoHTTPS.Disable || slices.Contains(s.AutoHTTPS.Skip, host):
		return false
	}
	return host != "" || usualPort
}

// reachable is the host to call where one listens: on all addresses, this
// machine's.
func reachable(listen string) string {
	if ip := net.ParseIP(listen); listen == "" || ip != nil && ip.IsUnspecified() {
		return "localhost"
	}
	return listen
}
