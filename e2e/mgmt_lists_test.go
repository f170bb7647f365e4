package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestMGMT09FiltersAreTakenLiterally(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	names := []string{`50% off`, `5_0 off`, `quote ' quote`, `double " quote`, `back\slash`, `semi; colon -- comment`, `plain`}
	byName := map[string]string{}
	for _, name := range names {
		var made key
		d.read(&made, http.StatusCreated, http.MethodPost, "/v1/keys", fmt.Sprintf(`{"name":%q,"owner":%q}`, name, name))
		d.secret(made.Secret)
		byName[name] = made.ID
	}
	for text, matches := range map[string][]string{
		"%": {`50% off`}, "5_0": {`5_0 off`}, "'": {`quote ' quote`}, `"`: {`double " quote`}, `\`: {`back\slash`}, "; ": {`semi; colon -- comment`},
		"--": {`semi; colon -- comment`}, "PLAIN": {`plain`}, "%%": nil, "' OR '1'='1": nil, "' OR 1=1 --": nil, `" OR ""="`: nil, "*": nil, "?1": nil,
		"plain') UNION SELECT * FROM tokens --": nil, " off": {`5_0 off`, `50% off`}, // no ID holds a blank
	} {
		var want []string
		for _, name := range matches {
			want = append(want, byName[name])
		}
		if got := d.ids("?q=" + url.QueryEscape(text)); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("q=%s: %q, want %q", text, got, want)
		}
	}
	for _, name := range names {
		if got := d.ids("?owner=" + url.QueryEscape(name)); !slices.Equal(got, []string{byName[name]}) {
			t.Errorf("owner=%s: %q", name, got)
		}
	}
	evil := url.QueryEscape("' OR 1=1 --")
	for _, query := range []string{"?owner=", "?project="} {
		if got := d.ids(query + evil); len(got) > 0 {
			t.Errorf("%s: %q", query, got)
		}
	}
	for _, query := range []string{"?status=", "?environment=", "?cursor=", "?limit=", "?sort=", "?order_by="} {
		d.wantRefused(d.do(http.MethodGet, "/v1/keys"+query+evil, ""), http.StatusUnprocessableEntity, "invalid_request")
	}
	for _, query := range []string{"?actor=", "?action=", "?key_id="} {
		if got := d.do(http.MethodGet, "/v1/audit"+query+evil, ""); got.status != http.StatusUnprocessableEntity && !strings.Contains(got.body, `"data":[]`) {
			t.Errorf("%s: %v", query, got)
		}
	}
	for _, path := range []string{"/v1/keys/" + url.PathEscape("' OR 1=1 --"), "/v1/keys/%25", "/v1/keys/key_%25/usage"} {
		d.wantRefused(d.do(http.MethodGet, path, ""), http.StatusNotFound, "not_found")
	}
	if got := d.ids(""); len(got) != len(names) {
		t.Errorf("%d keys are left", len(got))
	}
}

// digests are the spellings of a secret's hash that a store may have.
func digests(secret string) []string {
	sum := sha256.Sum256([]byte(secret))
	return []string{hex.EncodeToString(sum[:]), strings.ToUpper(hex.EncodeToString(sum[:])), base64.StdEncoding.EncodeToString(sum[:]), base64.RawURLEncoding.EncodeToString(sum[:])}
}

func TestMGMT10WhatIsShownOnceIsNeverShownAgain(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	k := d.newKey(`"scopes":["read"]`)
	var successor, token key
	d.read(&successor, http.StatusCreated, http.MethodPost, "/v1/keys/"+k.ID+"/rotate", `{"grace":"1h"}`)
	d.read(&token, http.StatusCreated, http.MethodPost, "/v1/tokens", `{"name":"another"}`)
	secrets := []string{d.credential, k.Secret, successor.Secret, token.Secret}
	d.secret(successor.Secret)
	d.secret(token.Secret)
	read := map[string]string{}
	for _, path := range []string{
		"/v1/keys", "/v1/keys/" + k.ID, "/v1/keys/" + successor.ID, "/v1/keys/" + k.ID + "/usage", "/v1/audit", "/v1/audit?key_id=" + k.ID, "/v1/tokens",
		"/v1/tokens?all_workspaces=true", "/v1/keys?q=" + k.Secret, "/v1/openapi.json",
	} {
		read[path] = d.do(http.MethodGet, path, "").raw
	}
	read["an edit"] = d.do(http.MethodPatch, "/v1/keys/"+successor.ID, `{"description":"new"}`).raw
	read["a revocation"] = d.do(http.MethodPost, "/v1/keys/"+k.ID+"/revoke", "").raw
	for _, list := range [][]string{{"keys", "list"}, {"keys", "show", k.ID}, {"tokens", "list"}} {
		read[strings.Join(list, " ")] = d.cli(list...).out
	}
	for where, text := range read {
		for _, secret := range secrets {
			for _, hidden := range append(digests(secret), secret) {
				if strings.Contains(text, hidden) {
					t.Errorf("%s shows %s", where, hidden)
				}
			}
		}
	}
	for where, hint := range map[string]string{"/v1/keys": k.Secret[len(k.Secret)-4:], "/v1/tokens": token.Secret[len(token.Secret)-4:]} {
		if !strings.Contains(read[where], "…"+hint+`"`) {
			t.Errorf("%s has no hint: %s", where, read[where])
		}
	}
}

func TestMGMT11ManagementIsNotServedWhereAPIsAre(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	k := d.newKey(`"scopes":["all"]`)
	for _, target := range []string{"/v1/keys", "/v1/tokens", "/v1/openapi.json", "/"} {
		tryAll(t, d.gate, []attempt{
			{name: target + " with a token", target: target, lines: []string{bearer(d.credential)}, status: http.StatusUnauthorized, code: "malformed_key"},
			{name: target + " with a key", target: target, lines: []string{k.bearer()}, status: http.StatusOK}, // the upstream's
		})
	}
}

func TestMGMT11AGateBeforeItsOwnManagementOpensNothing(t *testing.T) {
	t.Parallel()
	for policy, rows := range map[string][2]struct {
		status int
		code   string
	}{
		"":                      {{http.StatusUnauthorized, "missing_token"}, {http.StatusUnauthorized, "missing_token"}},
		"forward_credential on": {{http.StatusForbidden, "insufficient_scope"}, {http.StatusOK, ""}},
	} {
		t.Run(orElse(policy, "bare"), func(t *testing.T) {
			t.Parallel()
			o, d := withDesk(t, options{policy: policy}, "")
			o.behind = "reverse_proxy " + d.at
			d.gate = setup(t, o)
			d.credential = d.newToken("--all-workspaces")
			for i, scopes := range []string{"read", "manage:api-keys"} {
				k := d.newKey(`"scopes":["` + scopes + `"]`)
				got := d.get("/v1/keys", k.bearer())
				if got.status != rows[i].status || got.code() != rows[i].code {
					t.Errorf("a key with %s: %v", scopes, got)
				}
			}
			// From this machine and through the gate, a token is no key.
			for _, lines := range [][]string{{bearer(d.credential)}, {bearer(d.credential), "X-Forwarded-For: 127.0.0.1"}} {
				if got := d.get("/v1/keys", lines...); got.status != http.StatusUnauthorized || got.code() != "malformed_key" {
					t.Errorf("a token: %v", got)
				}
			}
			if got := d.get("/v1/keys", "X-Forwarded-For: 127.0.0.1"); got.status != http.StatusUnauthorized || got.code() != "missing_key" {
				t.Errorf("nobody: %v", got)
			}
		})
	}
}
