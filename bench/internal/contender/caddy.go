package contender

import (
	"fmt"
	"strings"
)

// What a configuration may do about speed.
const (
	// Masked is the line of README and Caddyfile.example about the log, which
	// also keeps the proxy from encoding an entry for each request.
	Masked = "format keystile"
	// Idle is the line of Caddyfile.example about the upstream's idle
	// connections.
	Idle = "keepalive_idle_conns_per_host 512"
	// Quiet takes the proxy's own entries out of the log. It makes one for each
	// request before it knows whether there is anything to tell.
	Quiet = "exclude http.handlers.reverse_proxy"
	// Collect has garbage collected when the heap is five times what was left
	// of it, not twice.
	Collect = "GOGC=400"
)

// tuning is what a Caddyfile says for speed.
type tuning struct {
	transport string // a line about how the proxy reaches the API
	log       string // lines about the log
}

var (
	untuned = tuning{}
	idle    = tuning{transport: Idle}
	spare   = tuning{transport: Idle, log: Quiet}

	readme       = tuning{log: Masked}
	example      = tuning{transport: Idle, log: Masked}
	exampleSpare = tuning{transport: Idle, log: Masked + "\n\t\t" + Quiet}
)

// site is a Caddyfile: global options, and what stands before the proxy.
func site(p Place, global, handlers string, t tuning) string {
	proxy := fmt.Sprintf("reverse_proxy 127.0.0.1:%d", p.Upstream)
	if t.transport != "" {
		proxy += " {\n\t\ttransport http {\n\t\t\t" + t.transport + "\n\t\t}\n\t}"
	}
	if t.log != "" {
		global += "\tlog {\n\t\t" + t.log + "\n\t}\n"
	}
	admin := "off"
	if p.Admin > 0 {
		admin = fmt.Sprintf("127.0.0.1:%d", p.Admin)
	}
	return fmt.Sprintf("{\n\tadmin %s\n\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n%s}\n\nhttp://127.0.0.1:%d {\n%s\t%s\n}\n",
		admin, global, p.Port, handlers, proxy)
}

func caddyfile(text string) []file { return []file{{"Caddyfile", text}} }

func bareCaddy(t tuning) func(Place) ([]file, error) {
	return func(p Place) ([]file, error) { return caddyfile(site(p, "", "", t)), nil }
}

// staticRefusal is the least that Caddy can do: it reads nothing, and answers.
func staticRefusal(p Place) ([]file, error) {
	return caddyfile(site(p, "", "\trespond 401\n", untuned)), nil
}

// rateLimit counts by the credential, and knows no keys.
func rateLimit(p Place) ([]file, error) {
	handler := fmt.Sprintf("\trate_limit {\n\t\tzone keys {\n\t\t\tkey {http.request.header.Authorization}\n\t\t\tevents %d\n\t\t\twindow 1s\n\t\t}\n\t}\n", p.Limit.PerSecond)
	text := site(p, "\torder rate_limit before basic_auth\n", handler, untuned)
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
	return caddyfile(site(p, "", b.String(), untuned)), nil
}

// caddyHeader lists the credentials in a matcher.
func caddyHeader(p Place) ([]file, error) {
	var b strings.Builder
	b.WriteString("\t@unknown not {\n")
	for _, key := range p.Keys.Known {
		fmt.Fprintf(&b, "\t\theader Authorization \"Bearer %s\"\n", key)
	}
	b.WriteString("\t}\n\trespond @unknown 401\n")
	return caddyfile(site(p, "", b.String(), untuned)), nil
}

func forwardAuth(p Place) ([]file, error) {
	return caddyfile(site(p, "", fmt.Sprintf("\tforward_auth 127.0.0.1:%d {\n\t\turi /check\n\t}\n", p.Checker), untuned)), nil
}
