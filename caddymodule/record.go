package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/verdict"
)

// record tells the rest of Caddy what was concluded: placeholders for the
// handlers behind the gate, fields for the access log, attributes of the span,
// metrics.
func (h *Handler) record(c *gateway.Call, r *http.Request) {
	observed := h.Mode == observe
	seen := &conclusion{outcome: c.Outcome(), route: h.decided.route(c), project: c.Project(), observed: observed, admitted: c.Verdict.Admitted()}
	if c.Entry != nil {
		seen.key = &c.Entry.Principal
		if seen.project == "" {
			seen.project = seen.key.Project
		}
	}
	replacerOf(r).Map(seen.placeholder)
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && logged(r) {
		extra.Add(zap.Inline(seen)) // one field for all: each costs Caddy an allocation or two
	}
	seen.trace(r, c.Match.Route)
	h.decided.count(c, seen.outcome)
}

// logged reports whether the server of a request writes an access log at all.
func logged(r *http.Request) bool {
	server, known := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	return !known || server.Logs != nil
}

// conclusion is what outlives a call: Caddy writes its access log later.
type conclusion struct {
	outcome  string
	route    string // as usage names it; empty: none was met
	project  string
	key      *verdict.Principal
	observed bool
	admitted bool
}

// MarshalLogObject implements zapcore.ObjectMarshaler: the fields of an entry.
func (s *conclusion) MarshalLogObject(entry zapcore.ObjectEncoder) error {
	entry.AddString("keystile_outcome", s.outcome)
	if s.route != "" {
		entry.AddString("keystile_route", s.route)
	}
	if s.observed {
		entry.AddString("keystile_mode", observe)
	}
	if s.key != nil {
		entry.AddString("keystile_key_id", string(s.key.ID))
	}
	return nil
}

// placeholder resolves {keystile.*}, where what is not known is empty, and
// Caddy's own name for who was let in.
func (s *conclusion) placeholder(name string) (any, bool) {
	if name == "http.auth.user.id" && s.key != nil && s.admitted {
		return string(s.key.ID), true
	}
	name, ours := strings.CutPrefix(name, "keystile.")
	if !ours {
		return nil, false
	}
	switch name {
	case "outcome":
		return s.outcome, true
	case "route":
		return s.route, true
	case "project":
		return s.project, true
	}
	k := s.key
	if k == nil {
		k = &verdict.Principal{Rights: &verdict.Rights{}}
	}
	switch name {
	case "key_id":
		return string(k.ID), true
	case "workspace":
		return k.Workspace, true
	case "environment":
		return string(k.Environment), true
	case "scopes":
		return strings.Join(k.Scopes, " "), true
	case "profile":
		return k.Profile, true
	}
	return nil, false
}
