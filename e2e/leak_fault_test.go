package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func TestFaultsShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		mark string // the file by which the fault is switched on
		code string
	}{
		"LEAK-04 panic in the store":          {"panic", "store_unavailable"},
		"LEAK-04 error of the store's driver": {"fail", "store_unavailable"},
		"LEAK-04 store that doesn't answer":   {"hang", "store_unavailable"},
		"LEAK-04 panic in the limiter":        {"", "internal_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			showFault(t, fault.mark, fault.code)
		})
	}
}

func showFault(t *testing.T, mark, code string) {
	const told = "connecting as keystile with kst_0123456789 failed" // what no answer may tell
	g := setup(t, options{
		program: faulty(t), panics: true, driver: "faulty", app: "limiter faulty", global: masked,
		policy: canarySources + "default allow\nroute GET /panic {\n rate_limit live 1000000/s\n}",
	})
	valid, cold := g.key(), g.key()
	g.soon(valid, "/", "")
	g.upstream.seen()
	if mark != "" {
		put(t, filepath.Join(g.dir, mark), told)
	}
	for _, k := range []key{cold, {Secret: liveSecret()}} {
		g.secret(k.Secret)
		target, secret := "/", k.Secret
		if mark == "" {
			target, secret = "/panic", valid.Secret
		}
		asks := []string{
			g.request(http.MethodGet, target+"?api_key="+secret, "Accept: application/problem+json"),
			g.request(http.MethodGet, target, "X-Api-Key: "+secret),
			g.request(http.MethodGet, target, bearer(secret)),
		}
		if mark == "hang" {
			asks = asks[:1] // it takes seconds
		}
		for _, ask := range asks {
			got := g.send(ask)
			if got.code() != code || got.status < http.StatusInternalServerError {
				t.Errorf("answered %v", got)
			}
			if shows(got.raw, secret) || strings.Contains(got.raw, "keystile with") || strings.Contains(got.raw, "forced") || strings.Contains(got.raw, ".go") {
				t.Errorf("the answer tells too much: %q", got.raw)
			}
		}
	}
	g.upstream.untouched(t)
	log := g.log()
	if strings.Contains(log, "forced by a test") || strings.Contains(log, "kst_0123456789") {
		t.Error("the log quotes what panicked, or a secret in a driver's error")
	}
	if !strings.Contains(log, "faultygate/") && mark != "fail" && mark != "hang" || mark == "fail" && !strings.Contains(log, "connecting as keystile") {
		t.Error("the log doesn't say what happened")
	}
}
