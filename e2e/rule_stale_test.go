package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each takes a right away over the API of one gate. The next request at that
// gate is refused, and any at another one within max_staleness.
func TestRULE09WhateverTakesARightAwayHoldsAtOnceWhereItWasSaid(t *testing.T) {
	t.Parallel()
	o := options{
		app:    "max_staleness 2s\nrotation_grace 24h\nscope read\nscope write\nplan large {\n rate_limit live 100000/d\n}\nplan small {\n rate_limit live 1/d\n}\ndefault_plan large",
		policy: "route GET /v1/x read\nroute GET /v1/of/{project} read {\n project {project}\n}",
	}
	d := setupDesk(t, o, "")
	there := d.beside(o)
	tiny := d.of("tiny")
	for _, one := range []struct {
		name   string
		of     desk
		call   string // method, path and body, with the key's ID in the place of ID
		target string
		code   string
	}{
		{"inactive", d, `PATCH /v1/keys/ID {"status":"inactive"}`, "", "inactive_key"},
		{"no scopes", d, `PATCH /v1/keys/ID {"scopes":[]}`, "", "insufficient_scope"},
		{"fewer scopes", d, `PATCH /v1/keys/ID {"scopes":["write"]}`, "", "insufficient_scope"},
		{"other addresses", d, `PATCH /v1/keys/ID {"allowed_ips":["192.0.2.1"]}`, "", "ip_not_allowed"},
		{"other addresses of IPv6", d, `PATCH /v1/keys/ID {"allowed_ips":["::1"]}`, "", "ip_not_allowed"},
		{"revoked", d, `POST /v1/keys/ID/revoke {}`, "", "revoked_key"},
		{"revoked, and waited for", d, `POST /v1/keys/ID/revoke {"wait":"5s"}`, "", "revoked_key"},
		{"deleted", d, `DELETE /v1/keys/ID`, "", "unknown_key"},
		{"rotated without grace", d, `POST /v1/keys/ID/rotate {"grace":"0s"}`, "", "expired_key"},
		{"several at once", d, `PATCH /v1/keys/ID {"status":"inactive","scopes":[],"allowed_ips":["192.0.2.1"]}`, "", "inactive_key"},
		{"a project elsewhere", d, `POST /v1/projects?workspace=tiny {"name":"atlas"}`, "/v1/of/atlas", "workspace_mismatch"},
		{"a smaller plan", tiny, `PATCH /v1/workspaces/tiny {"plan":"small"}`, "", "rate_limited"},
	} {
		t.Run(one.name, func(t *testing.T) {
			target := orElse(one.target, "/v1/x")
			k := one.of.newKey(`"scopes":["read","write"]`)
			for _, g := range []*gate{d.gate, there} {
				eventually(t, startWithin, "the key is let in", func() bool { return g.get(target, k.bearer()).status == http.StatusOK })
			}
			method, path, body := spelledCall(one.call, k)
			if got := d.do(method, path, body); got.status >= http.StatusBadRequest {
				t.Fatalf("answered %v", got)
			}
			if one.code == "rate_limited" {
				d.get(target, k.bearer()) // the smaller plan's limit lets one in
			}
			if got := d.get(target, k.bearer()); got.code() != one.code {
				t.Errorf("at the same gate, the next request is answered %v, want %s", got, one.code)
			}
			eventually(t, 2*time.Second+spare, "another gate refuses the key", func() bool { return there.get(target, k.bearer()).code() == one.code })
		})
	}
	t.Run("an end that is brought forward", func(t *testing.T) { wantEndedAtOnce(t, d, there) })
	t.Run("managers", func(t *testing.T) { wantManagersGone(t, d) })
}

// spelledCall parts a call that is written as a line.
func spelledCall(call string, k key) (method, path, body string) {
	if _, err := fmt.Sscan(call, &method, &path); err != nil {
		panic(err) // the calls are constants
	}
	body = call[len(method)+1+len(path):]
	return method, strings.Replace(path, "ID", k.ID, 1), body
}

// wantEndedAtOnce brings the end of a key forward to an instant that comes.
func wantEndedAtOnce(t *testing.T, d desk, there *gate) {
	t.Helper()
	k := d.newKey(`"scopes":["read"],"expires_in":"1h"`)
	wantOK(t, d.get("/v1/x", k.bearer()))
	wantOK(t, there.get("/v1/x", k.bearer()))
	end := time.Now().Add(3 * time.Second).UTC()
	d.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+k.ID, `{"expires_at":"`+end.Format(time.RFC3339Nano)+`"}`)
	eventually(t, startWithin, "the key ends", func() bool {
		before := time.Now()
		here := d.get("/v1/x", k.bearer())
		if here.status == http.StatusOK && !before.Before(end) {
			t.Errorf("let in %v behind its end", before.Sub(end))
		}
		return here.code() == "expired_key"
	})
	eventually(t, 2*time.Second+spare, "the key has ended elsewhere", func() bool { return there.get("/v1/x", k.bearer()).code() == "expired_key" })
}

// wantManagersGone ends those who manage: their next call is refused.
func wantManagersGone(t *testing.T, d desk) {
	t.Helper()
	for name, call := range map[string]string{"revoked": `POST /v1/keys/ID/revoke {}`, "deleted": `DELETE /v1/keys/ID`, "inactive": `PATCH /v1/keys/ID {"status":"inactive"}`} {
		manager := d.newKey(`"scopes":["read","manage:api-keys"]`)
		wantOK(t, d.as(manager.Secret).do(http.MethodGet, "/v1/keys", ""))
		method, path, body := spelledCall(call, manager)
		d.do(method, path, body)
		if got := d.as(manager.Secret).do(http.MethodGet, "/v1/keys", ""); got.status != http.StatusUnauthorized {
			t.Errorf("a manager's key that is %s: %v", name, got)
		}
	}
	var token key
	d.read(&token, http.StatusCreated, http.MethodPost, "/v1/tokens", `{"name":"for a moment"}`)
	d.secret(token.Secret)
	wantOK(t, d.as(token.Secret).do(http.MethodGet, "/v1/keys", ""))
	d.do(http.MethodDelete, "/v1/tokens/"+token.ID, "")
	d.wantRefused(d.as(token.Secret).do(http.MethodGet, "/v1/keys", ""), http.StatusUnauthorized, "invalid_token")
}
