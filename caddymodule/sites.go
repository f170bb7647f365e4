package caddymodule

import (
	"cmp"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// httpConfig is what of a configuration's HTTP app says where a site is.
type httpConfig struct {
	Admin   *caddy.AdminConfig `json:"admin"`
	Logging *caddy.Logging     `json:"logging"`
	Apps    struct {
		HTTP struct {
			HTTPPort  int                     `json:"http_port"`
			HTTPSPort int                     `json:"https_port"`
			Servers   map[string]serverConfig `json:"servers"`
		} `json:"http"`
	} `json:"apps"`
}

type serverConfig struct {
	Listen []string      `json:"listen"`
	Routes []routeConfig `json:"routes"`
	Errors routesConfig  `json:"errors"`

	Logs      *caddyhttp.ServerLogConfig `json:"logs"`
	TLS       []json.RawMessage          `json:"tls_connection_policies"`
	AutoHTTPS struct {
		Disable bool     `json:"disable"`
		Skip    []string `json:"skip"`
	} `json:"automatic_https"`
}

type routesConfig struct {
	Routes []routeConfig `json:"routes"`
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
	for _, one := range stepsIn(adapted) {
		if len(one.conditions) > 0 || one.behind || one.address == "" {
			continue
		}
		switch one.name {
		case "keystile":
			var p Policy
			_ = json.Unmarshal(one.raw, &p) // what is wrong with it, the gate says
			if site, err := p.site(app); err == nil {
				found.gates = append(found.gates, servedGate{one.address, site})
			}
		case "keystile_admin":
			found.admin = cmp.Or(found.admin, one.address)
		}
	}
	return found
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
