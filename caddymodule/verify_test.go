package caddymodule

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/policy"
)

// at is a gate under a host, or any, on a server that listens there.
func at(host string, listen ...string) standing {
	s := standing{gate: &Handler{}, ports: portsOf(&caddyhttp.App{}, &caddyhttp.Server{Listen: listen})}
	if host != "" {
		s.hosts = []hostMatcher{anyOf{caddyhttp.MatchHost{host}}}
	}
	return s
}

func TestGatesAreToldApartByHostAndPort(t *testing.T) {
	t.Parallel()
	sites := map[string]standing{
		"main":   at("api.example", ":443"),
		"beside": at("api.example", ":8443", ":9443"),
		"open":   at("", ":7001-7003"),
		"local":  at("local.example", "unix//run/local.sock"),
		"one":    at("twice.example", ":8001"),
		"other":  at("twice.example", ":8002"),
	}
	var all []standing
	for _, s := range sites {
		all = append(all, s)
	}
	for host, want := range map[string]string{
		"api.example": "main", "api.example:443": "main", "API.example:8443": "beside", "api.example:9443": "beside",
		"api.example:7002": "open", "10.0.0.1:7003": "open", "[2001:db8::1]:7001": "open", "elsewhere.example": "open",
		"local.example": "local", "local.example:80": "local", "local.example:x": "local",
		"twice.example:8001": "one", "twice.example:8002": "other", "twice.example": "one other",
		"twice.example:8003": "one other", "api.example:5000": "main beside",
	} {
		got := gatesFor(all, host)
		names := strings.Fields(want)
		for _, name := range names {
			found := false
			for _, gate := range got {
				found = found || gate.gate == sites[name].gate
			}
			if !found || len(got) != len(names) {
				t.Errorf("%s: %d gates, want %s", host, len(got), want)
			}
		}
	}
}

func TestAPanicInADecisionIsAnAnswerThatQuotesNothing(t *testing.T) {
	t.Parallel()
	f := setupBench(t)
	var log bytes.Buffer
	app := &App{log: slog.New(slog.NewTextHandler(&log, nil))}
	table, err := policy.NewTable(nil)
	if err != nil {
		t.Fatal(err)
	}
	faulty, err := gateway.New(gateway.Config{
		Engine: f.app.engine, Format: f.app.parts.format, Site: &policy.Site{Table: table, DefaultAllow: true},
		Now: func() time.Time { panic("forced with " + f.secret) },
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &verifier{app: app, bare: faulty}
	got, err := v.decide(t.Context(), "default", manage.Verification{Key: f.secret})
	if err != nil || got.Valid || got.Code != "internal_error" || got.Message == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if text := log.String(); !strings.Contains(text, "panicked") || strings.Contains(text, "forced") || strings.Contains(text, f.secret) {
		t.Errorf("logged %s", text)
	}
}
