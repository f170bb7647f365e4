package identity

import (
	"net/http"
	"net/textproto"
	"strings"
)

// framing are the names that Connection can't have removed: they tell where a
// request ends and whom it is for.
var framing = map[string]bool{"Content-Length": true, "Transfer-Encoding": true, "Host": true}

// scrubHops settles Connection and Upgrade (RFC 9110 sections 7.6.1 and 7.8):
// what Connection names is dropped here, so that the next proxy can't be made
// to drop a header of ours, and Upgrade stays only where it is exactly one
// WebSocket.
func scrubHops(h http.Header) {
	options, upgrade := h["Connection"], h["Upgrade"]
	if len(options) == 0 && len(upgrade) == 0 {
		return
	}
	upgrades := dropOptions(h, options)
	delete(h, "Connection")
	delete(h, "Upgrade")
	if upgrades && len(upgrade) == 1 && isWebSocket(upgrade[0]) {
		h["Connection"] = []string{"Upgrade"}
		h["Upgrade"] = upgrade
	}
}

// isWebSocket folds the case of ASCII only: by its length, no Kelvin sign is
// taken for a k.
func isWebSocket(protocol string) bool {
	const name = "websocket"
	return len(protocol) == len(name) && strings.EqualFold(protocol, name)
}

// dropOptions removes the headers that Connection names, and reports whether
// Upgrade is among them.
func dropOptions(h http.Header, lines []string) (upgrades bool) {
	for _, line := range lines {
		for option := range strings.SplitSeq(line, ",") {
			switch name := textproto.CanonicalMIMEHeaderKey(textproto.TrimString(option)); {
			case name == "Upgrade":
				upgrades = true
			case name == "Te" || framing[name]: // of TE, the proxy decides
			default:
				delete(h, name)
			}
		}
	}
	return upgrades
}
