package caddymodule

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/forwarded"
	"github.com/keystile/keystile/internal/gateway"
)

// errStranger is why nothing is believed that the request says of another.
var errStranger = errors.New("it is no trusted proxy (trusted_proxies, or trusted in keystile_verify), so what its headers say isn't believed")

// describe tells a call what the proxy that asks says of the client's request.
// The error is why that can't be told; such a call has no target that may pass.
func (v *Verify) describe(c *gateway.Call, r *http.Request) error {
	v.Handler.describe(c, r)
	believed := v.believes(r)
	if len(v.trusted) > 0 {
		c.Client = forwarded.Peer(r.RemoteAddr)
		if believed {
			c.Client = forwarded.Client(r.Header, v.trusted)
		}
	}
	if v.Target == targetRequest {
		return nil
	}
	c.Request, c.Original = asked(r, &forwarded.Request{URL: &url.URL{}}, c.Client), nil
	if !believed {
		return errStranger
	}
	told, err := forwarded.Read(r.Header)
	if err != nil {
		return err
	}
	c.Request = asked(r, &told, c.Client)
	return nil
}

// believes reports whether a request is one of a proxy whose word counts.
func (v *Verify) believes(r *http.Request) bool {
	if len(v.trusted) > 0 {
		return forwarded.Within(forwarded.Peer(r.RemoteAddr), v.trusted)
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// asked is the client's request as the proxy tells of it. It shares its header
// with the request that asks: what is taken off one is off the other.
func asked(r *http.Request, told *forwarded.Request, client netip.Addr) *http.Request {
	about := &http.Request{
		Method: told.Method, URL: told.URL, RequestURI: told.URI, Host: told.Host,
		Header: r.Header, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if client.IsValid() {
		about.RemoteAddr = net.JoinHostPort(client.String(), "0")
	}
	return about.WithContext(r.Context())
}

// resolveForwarded is resolve for a request that another one asks about: its
// placeholders speak of itself.
func resolveForwarded(r *http.Request, template string) string {
	server, _ := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	replacer := caddy.NewReplacer()
	caddyhttp.PrepareRequest(r, replacer, nil, server)
	return replacer.ReplaceAll(template, "")
}
