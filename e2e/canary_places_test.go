package e2e

import (
	"fmt"
	"strings"
)

// presented is one request with a secret somewhere in it.
type presented struct {
	method string // empty: GET
	target string // empty: /v1/items
	lines  []string
	body   string // whatever follows the header, byte for byte
}

func (p presented) raw(g *gate) string {
	return g.request(orElse(p.method, "GET"), orElse(p.target, "/v1/items"), append(p.lines, "Connection: close")...) + p.body
}

// canaryPlaces are where a request can hold a secret, as its credential or as a
// copy of it. A copy is tried alone, too.
var canaryPlaces = struct {
	credentials, copies map[string]func(secret string) presented
}{
	credentials: map[string]func(string) presented{
		"Authorization":                      func(s string) presented { return lines(bearer(s)) },
		"Authorization, without a scheme":    func(s string) presented { return lines("Authorization: " + s) },
		"Authorization, with another scheme": func(s string) presented { return lines("Authorization: Token " + s) },
		"Authorization, with text behind":    func(s string) presented { return lines(bearer(s) + " and more") },
		"Authorization, in quotes":           func(s string) presented { return lines(`Authorization: Bearer "` + s + `"`) },
		"Authorization, percent-encoded":     func(s string) presented { return lines(bearer(everyByteEscaped(s))) },
		"Authorization, two lines":           func(s string) presented { return lines(bearer(s), bearer(s)) },
		"Authorization, twice in a line":     func(s string) presented { return lines(bearer(s) + ", Bearer " + s) },
		"header":                             func(s string) presented { return lines("X-Api-Key: " + s) },
		"header, in lower case":              func(s string) presented { return lines("x-api-key: " + s) },
		"header, two lines":                  func(s string) presented { return lines("X-Api-Key: "+s, "X-Api-Key: "+s) },
		"header, percent-encoded":            func(s string) presented { return lines("X-Api-Key: " + everyByteEscaped(s)) },
		"query":                              func(s string) presented { return target("/v1/items?api_key=" + s) },
		"query, behind a semicolon":          func(s string) presented { return target("/v1/items?a=1;api_key=" + s + ";b=2") },
		"query, percent-encoded":             func(s string) presented { return target("/v1/items?a=1&api_key=" + everyByteEscaped(s)) },
		"query, underscores percent-encoded": func(s string) presented { return target("/v1/items?api_key=" + strings.ReplaceAll(s, "_", "%5f")) },
		"query, percent-encoded twice":       func(s string) presented { return target("/v1/items?api_key=" + twiceEscaped(s)) },
		"query, under a name with an escape": func(s string) presented { return target("/v1/items?api%5Fkey=" + s) },
		"query, twice":                       func(s string) presented { return target("/v1/items?api_key=" + s + "&api_key=" + s) },
		"header and query": func(s string) presented {
			return presented{target: "/v1/items?api_key=" + s, lines: []string{"X-Api-Key: " + s}}
		},
		"Authorization and header": func(s string) presented { return lines(bearer(s), "X-Api-Key: "+s) },
		"Authorization and query": func(s string) presented {
			return presented{target: "/v1/items?api_key=" + s, lines: []string{bearer(s)}}
		},
		"Authorization of an unlisted path":  func(s string) presented { return presented{target: "/v2/items", lines: []string{bearer(s)}} },
		"Authorization of an ambiguous path": func(s string) presented { return presented{target: "/v1/../items", lines: []string{bearer(s)}} },
		"Authorization of an absolute target": func(s string) presented {
			return presented{target: "http://x.example/v1/items", lines: []string{bearer(s)}}
		},
		"Authorization of an upgrade": func(s string) presented {
			return lines(bearer(s), "Connection: Upgrade", "Upgrade: websocket", handshake)
		},
		"Authorization that Connection names": func(s string) presented { return lines(bearer(s), "Connection: Authorization, X-Api-Key") },
	},
	copies: map[string]func(string) presented{
		"path":                          func(s string) presented { return target("/v1/items/" + s) },
		"path, percent-encoded":         func(s string) presented { return target("/v1/items/" + everyByteEscaped(s)) },
		"path, percent-encoded twice":   func(s string) presented { return target("/v1/items/" + twiceEscaped(s)) },
		"path of a route that is loose": func(s string) presented { return target("/v1/loose/" + twiceEscaped(s)) },
		"path, between two slashes":     func(s string) presented { return target("/v1/items/" + s + "/") },
		"parameter":                     func(s string) presented { return target("/v1/items?debug=" + s) },
		"parameter, percent-encoded":    func(s string) presented { return target("/v1/items?debug=" + everyByteEscaped(s)) },
		"parameter, encoded twice":      func(s string) presented { return target("/v1/items?debug=" + twiceEscaped(s)) },
		"name of a parameter":           func(s string) presented { return target("/v1/items?a&" + s + "=1") },
		"user-info of an absolute form": func(s string) presented { return target("http://user:" + s + "@x.example/v1/items") },
		"user of an absolute form":      func(s string) presented { return target("http://" + s + "@x.example/v1/items") },
		"host of an absolute form":      func(s string) presented { return target("http://" + s + "/v1/items") },
		"fragment":                      func(s string) presented { return target("/v1/items#" + s) },
		"Host":                          func(s string) presented { return lines("Host: " + s) },
		"Host, with a port":             func(s string) presented { return lines("Host: " + s + ":80") },
		"Host, percent-encoded":         func(s string) presented { return lines("Host: " + everyByteEscaped(s)) },
		"Host, in small letters":        func(s string) presented { return lines("Host: " + strings.ToLower(s)) },
		"method":                        func(s string) presented { return presented{method: s} },
		"Referer":                       func(s string) presented { return lines("Referer: https://app.example/?k=" + s) },
		"Referer, percent-encoded":      func(s string) presented { return lines("Referer: https://app.example/?k=" + everyByteEscaped(s)) },
		"Cookie":                        func(s string) presented { return lines("Cookie: a=1; k=" + s) },
		"User-Agent":                    func(s string) presented { return lines("User-Agent: client/" + s) },
		"X-Debug":                       func(s string) presented { return lines("X-Debug: one, " + s) },
		"X-Debug, second line":          func(s string) presented { return lines("X-Debug: one", "X-Debug: "+s) },
		"X-Request-Id":                  func(s string) presented { return lines("X-Request-Id: " + s) },
		"X-Forwarded-For":               func(s string) presented { return lines("X-Forwarded-For: " + s) },
		"X-Original-Url":                func(s string) presented { return lines("X-Original-Url: /v1/items?api_key=" + s) },
		"Proxy-Authorization":           func(s string) presented { return lines("Proxy-Authorization: Bearer " + s) },
		"Keystile-Key-Id":               func(s string) presented { return lines("Keystile-Key-Id: " + s) },
		"Accept":                        func(s string) presented { return lines("Accept: application/problem+json; k=" + s) },
		"Origin":                        func(s string) presented { return lines("Origin: https://" + s + ".example") },
		"From":                          func(s string) presented { return lines("From: " + s) },
		"Via":                           func(s string) presented { return lines("Via: 1.1 " + s) },
		"Range":                         func(s string) presented { return lines("Range: " + s + "=0-1") },
		"If-None-Match":                 func(s string) presented { return lines(`If-None-Match: "` + s + `"`) },
		"Content-Type":                  func(s string) presented { return lines("Content-Type: text/plain; boundary=" + s) },
		"Forwarded":                     func(s string) presented { return lines(`Forwarded: for="_` + s + `"`) },
		"X-Forwarded-Host":              func(s string) presented { return lines("X-Forwarded-Host: " + s + ".example") },
		"tracestate": func(s string) presented {
			return lines("traceparent: 00-"+strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-01", "tracestate: k="+s)
		},
		"baggage":                           func(s string) presented { return lines("baggage: k=" + everyByteEscaped(s)) },
		"name of a cookie":                  func(s string) presented { return lines("Cookie: " + s + "=1") },
		"name of a header":                  func(s string) presented { return lines("X-" + s + ": 1") },
		"name of a header, percent-encoded": func(s string) presented { return lines("X-" + everyByteEscaped(s) + ": 1") },
		"User-Agent, behind it a quote":     func(s string) presented { return lines("User-Agent: " + s + `" x`) },
		"TE":                                func(s string) presented { return lines("TE: " + s) },
		"Expect":                            func(s string) presented { return lines("Expect: " + s) },
		"headers of a preflight":            func(s string) presented { return lines("Access-Control-Request-Headers: " + s) },
		"extension of a chunk": func(s string) presented {
			return presented{lines: []string{"Transfer-Encoding: chunked"}, body: "1;k=" + s + "\r\nx\r\n0\r\n\r\n"}
		},
		"Idempotency-Key":                func(s string) presented { return lines("Idempotency-Key: " + s) },
		"Upgrade":                        func(s string) presented { return lines("Connection: Upgrade", "Upgrade: "+s) },
		"Sec-WebSocket-Protocol":         func(s string) presented { return lines("Sec-WebSocket-Protocol: " + s) },
		"header that Connection names":   func(s string) presented { return lines("Connection: X-Hop", "X-Hop: "+s) },
		"trailer":                        func(s string) presented { return trailing("X-Checked", s) },
		"trailer named as a source":      func(s string) presented { return trailing("X-Api-Key", s) },
		"trailer, percent-encoded":       func(s string) presented { return trailing("X-Checked", everyByteEscaped(s)) },
		"Authorization in the trailers":  func(s string) presented { return trailing("Authorization", "Bearer "+s) },
		"trailer that was not announced": func(s string) presented { p := trailing("X-Checked", s); p.lines = p.lines[:1]; return p },
	},
}

func lines(all ...string) presented { return presented{lines: all} }

func target(text string) presented { return presented{target: text} }

// trailing is a request with a body of one byte and a trailer behind it.
func trailing(name, value string) presented {
	return presented{
		lines: []string{"Transfer-Encoding: chunked", "Trailer: " + name},
		body:  "1\r\nx\r\n0\r\n" + name + ": " + value + "\r\n\r\n",
	}
}

func everyByteEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

func twiceEscaped(text string) string { return strings.ReplaceAll(everyByteEscaped(text), "%", "%25") }
