package identity

import (
	"net/http"
	"strings"
)

// scrubHops settles Connection and Upgrade (RFC 9110 sections 7.6.1 and 7.8):
// what Connection names is dropped here, so that the next proxy can't be made
// to drop a header of ours, and Upgrade stays only where it is exactly one
// WebSocket.
func scrubHops(r *http.Request) {
	h := r.Header
	options, upgrade := h["Connection"], h["Upgrade"]
	if len(options) == 0 && len(upgrade) == 0 {
		return
	}
	upgrades := false
	for _, line := range options {
		for option := range strings.SplitSeq(line, ",") {
			option = strings.TrimSpace(option)
			switch {
			case strings.EqualFold(option, "upgrade"):
				upgrades = true
			case strings.EqualFold(option, "te"): // the proxy decides about trailers
			default:
				h.Del(option)
			}
		}
	}
	delete(h, "Connection")
	delete(h, "Upgrade")
	delete(h, "Http2-Settings")
	if upgrades && len(upgrade) == 1 && strings.EqualFold(upgrade[0], "websocket") {
		h["Connection"] = []string{"Upgrade"}
		h["Upgrade"] = upgrade
	}
}
