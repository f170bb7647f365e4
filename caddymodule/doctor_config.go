package caddymodule

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// serves are the handlers that give somebody what a gate may be there to keep.
var serves = []string{"reverse_proxy", "file_server"}

// unprotected looks for what is served on a site with a gate, and not behind
// it.
func (e *examination) unprotected() {
	gates := map[string][][]string{} // by site, the conditions under which requests pass each
	gated := map[string]bool{}
	for _, one := range e.steps {
		gated[one.site] = gated[one.site] || one.name == "keystile" && !one.behind
	}
	open := map[string]bool{}
	for _, one := range e.steps {
		switch {
		case !gated[one.site] || one.behind:
		case one.name == "keystile":
			gates[one.site] = append(gates[one.site], one.conditions)
		case slices.Contains(serves, one.name) && !passed(gates[one.site], one.conditions):
			open[one.name+" at "+one.place] = true
		}
	}
	if len(open) == 0 {
		e.ok("routes", "what is served on sites with a gate stands behind it")
		return
	}
	e.warn("routes", "not behind the gate of its site: "+strings.Join(slices.Sorted(maps.Keys(open)), "; "),
		"if it isn't public, put it behind the gate: `keystile` without a matcher, or inside the same handle")
}

// passed reports whether whoever comes to a place has passed a gate: one that
// asks for no condition that the place doesn't ask for, too.
func passed(gates [][]string, conditions []string) bool {
	return slices.ContainsFunc(gates, func(of []string) bool {
		return len(of) <= len(conditions) && slices.Equal(of, conditions[:len(of)])
	})
}

// admin looks at who reaches Caddy's admin endpoint, which may change all of
// the configuration.
func (e *examination) admin() {
	if e.config.Admin != nil && e.config.Admin.Disabled {
		e.ok("admin", "Caddy's admin endpoint is off")
		return
	}
	listen := ""
	if e.config.Admin != nil {
		listen = e.config.Admin.Listen
	}
	listen = caddy.NewReplacer().ReplaceKnown(cmp.Or(listen, os.Getenv("CADDY_ADMIN"), caddy.DefaultAdminListen), "")
	on, err := caddy.ParseNetworkAddress(listen)
	switch {
	case err != nil:
		e.warn("admin", "where Caddy's admin endpoint listens can't be read: "+err.Error(), "state `admin localhost:2019`, or `admin off`")
	case on.IsUnixNetwork() || on.IsFdNetwork():
		e.ok("admin", "Caddy's admin endpoint is a socket, %s: who may open it may change everything", listen)
	case !isHere(on.Host):
		e.fail("admin", "Caddy's admin endpoint listens on "+listen+", and whoever reaches it may change everything",
			"state `admin localhost:2019`, a unix socket, or `admin off`")
	default:
		e.ok("admin", "Caddy's admin endpoint is for this machine only: %s", listen)
	}
}

// isHere reports whether only this machine reaches a host.
func isHere(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// api looks whether tokens travel in the clear.
func (e *examination) api() {
	open := []string{}
	found := 0
	for _, one := range e.steps {
		if one.name != "keystile_admin" {
			continue
		}
		found++
		forOthers := len(one.hosts) == 0 || !slices.ContainsFunc(one.hosts, isHere)
		if strings.HasPrefix(one.address, "http://") && forOthers && !e.listensHere(one) {
			open = append(open, one.place)
		}
	}
	switch {
	case len(open) > 0:
		e.warn("api", "the management API is served without TLS: "+strings.Join(open, ", "),
			"tokens could be read on the way: serve it with TLS, or on this machine only, unless a proxy in front of it does")
	case found == 0:
		e.ok("api", "there is no management API")
	default:
		e.ok("api", "the management API has TLS, or is for this machine")
	}
}

// listensHere reports whether a step's server listens on this machine only.
func (e *examination) listensHere(one step) bool {
	server, _, _ := strings.Cut(one.site, "/")
	for _, listen := range e.config.Apps.HTTP.Servers[server].Listen {
		on, err := caddy.ParseNetworkAddress(listen)
		if err != nil || !on.IsUnixNetwork() && !isHere(on.Host) {
			return false
		}
	}
	return true
}

// logs looks for logs that would show keys.
func (e *examination) logs() {
	var servers []*caddyhttp.ServerLogConfig
	for _, server := range e.config.Apps.HTTP.Servers {
		servers = append(servers, server.Logs)
	}
	plain := map[string]bool{}
	for _, name := range logNamesOf(servers) {
		for _, log := range plainLogs(e.config.Logging, name) {
			plain[log] = true
		}
	}
	if len(plain) == 0 {
		e.ok("logs", "each that is told of requests masks keys")
		return
	}
	e.warn("logs", "these show keys that stand in addresses and headers: "+strings.Join(slices.Sorted(maps.Keys(plain)), ", "), "give them `format keystile`")
}

// plainLogs are the logs of a configuration that take what is written under a
// module ID, and don't mask.
func plainLogs(logging *caddy.Logging, id string) (plain []string) {
	logs := map[string]*caddy.CustomLog{}
	if logging != nil {
		for name, log := range logging.Logs {
			logs[name] = log
		}
	}
	if logs[caddy.DefaultLoggerName] == nil {
		logs[caddy.DefaultLoggerName] = &caddy.CustomLog{}
	}
	for name, log := range logs {
		if logTakes(log, id) && !masks(log.EncoderRaw) && moduleIn(log.WriterRaw, "output") != "discard" {
			plain = append(plain, name)
		}
	}
	return plain
}

// logTakes reports whether a log takes what is written under a module ID: the
// longest name that covers it decides (Caddy, CustomLog).
func logTakes(log *caddy.CustomLog, id string) bool {
	longest := func(names []string) (length int) {
		for _, name := range names {
			if name == "" || id == name || strings.HasPrefix(id, strings.TrimSuffix(name, ".")+".") {
				length = max(length, len(name)+1)
			}
		}
		return length
	}
	included, excluded := longest(log.Include), longest(log.Exclude)
	if len(log.Include) == 0 {
		return excluded == 0
	}
	return included > excluded
}

// masks reports whether an encoder is ours, or wraps it.
func masks(encoder json.RawMessage) bool {
	var e struct {
		Format string          `json:"format"`
		Wrap   json.RawMessage `json:"wrap"`
	}
	if json.Unmarshal(encoder, &e) != nil {
		return false
	}
	return e.Format == "keystile" || len(e.Wrap) > 0 && masks(e.Wrap)
}

func moduleIn(raw json.RawMessage, key string) string {
	var fields map[string]json.RawMessage
	var name string
	if json.Unmarshal(raw, &fields) == nil {
		_ = json.Unmarshal(fields[key], &name)
	}
	return name
}
