package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
)

// record tells the rest of Caddy what was concluded: placeholders for the
// handlers behind the gate, fields for the access log, metrics.
func (h *Handler) record(c *gateway.Call, r *http.Request) {
	seen := &conclusion{outcome: c.Outcome(), project: c.Project()}
	if c.Entry != nil {
		seen.key = &c.Entry.Principal.Key
		if seen.project == "" {
			seen.project = seen.key.Project
		}
	}
	repl := replacerOf(r)
	repl.Map(seen.placeholder)
	if seen.key != nil && c.Verdict.Admitted() {
		repl.Set("http.auth.user.id", string(seen.key.ID))
	}
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Add(zap.String("keystile_outcome", seen.outcome))
		if h.Mode == observe {
			extra.Add(zap.String("keystile_mode", observe))
		}
		if seen.key != nil {
			extra.Add(zap.String("keystile_key_id", string(seen.key.ID)))
		}
	}
	countDecision(seen.outcome, h.Mode == observe)
}

// conclusion is what outlives a call: Caddy writes its access log later.
type conclusion struct {
	outcome string
	project string
	key     *keys.Key
}

// placeholder resolves {keystile.*}; what is not known is empty.
func (s *conclusion) placeholder(name string) (any, bool) {
	name, ours := strings.CutPrefix(name, "keystile.")
	if !ours {
		return nil, false
	}
	switch name {
	case "outcome":
		return s.outcome, true
	case "project":
		return s.project, true
	}
	k := s.key
	if k == nil {
		k = &keys.Key{}
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
