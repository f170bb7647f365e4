package contender

import (
	"fmt"
	"strings"
)

// Idle is the line of Caddyfile.example about the upstream's idle connections.
const Idle = "keepalive_idle_conns_per_host 512"

// site is a Caddyfile: global options, what stands before the proxy, and how
// the proxy reaches the API.
func site(p Place, global, handlers, transport string) string {
	proxy := fmt.Sprintf("reverse_proxy 127.0.0.1:%d", p.Upstream)
	if transport != "" {
		proxy += " {\n\t\ttransport http {\n\t\t\t" + transport + "\n\t\t}\n\t}"
	}
	admin := "off"
	if p.Admin > 0 {
		admin = fmt.Sprintf("127.0.0.1:%d", p.Admin)
	}
	return fmt.Sprintf("{\n\tadmin %s\n\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n%s}\n\nhttp://127.0.0.1:%d {\n%s\t%s\n}\n",
		admin, global, p.Port, handlers, proxy)
}

func caddyfile(text string) []file { return []file{{"Caddyfile", text}} }

func bareCaddy(transport string) func(Place) ([]file, error) {
	return func(p Place) ([]file, error) { return caddyfile(site(p, "", "", transport)), nil }
}

// staticRefusal is the least that Caddy can do: it reads nothing, and answers.
func staticRefusal(p Place) ([]file, error) {
	return caddyfile(site(p, "", "\trespond 401\n", "")), nil
}

// rateLimit counts by the credential, and knows no keys.
func rateLimit(p Place) ([]file, error) {
	handler := fmt.Sprintf("\trate_limit {\n\t\tzone keys {\n\t\t\tkey {http.request.header.Authorization}\n\t\t\tevents %d\n\t\t\twindow 1s\n\t\t}\n\t}\n", p.Limit.PerSecond)
	text := site(p, "\torder rate_limit before basic_auth\n", handler, "")
	return caddyfile(text + fmt.Sprintf("\nhttp://127.0.0.1:%d {\n%s\trespond 200\n}\n", p.Side, handler)), nil
}

// caddyMap maps the credential to whether it is known.
func caddyMap(p Place) ([]file, error) {
	var b strings.Builder
	b.WriteString("\tmap {header.Authorization} {known} {\n")
	for _, key := range p.Keys.Known {
		fmt.Fprintf(&b, "\t\t\"Bearer %s\" yes\n", key)
	}
	b.WriteString("\t\tdefault no\n\t}\n\t@unknown vars {known} no\n\trespond @unknown 401\n")
	return caddyfile(site(p, "", b.String(), "")), nil
}

// caddyHeader lists the credentials in a matcher.
func caddyHeader(p Place) ([]file, error) {
	var b strings.Builder
	b.WriteString("\t@unknown not {\n")
	for _, key := range p.Keys.Known {
		fmt.Fprintf(&b, "\t\theader Authorization \"Bearer %s\"\n", key)
	}
	b.WriteString("\t}\n\trespond @unknown 401\n")
	return caddyfile(site(p, "", b.String(), "")), nil
}

func forwardAuth(p Place) ([]file, error) {
	return caddyfile(site(p, "", fmt.Sprintf("\tforward_auth 127.0.0.1:%d {\n\t\turi /check\n\t}\n", p.Checker), "")), nil
}
