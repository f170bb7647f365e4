package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// pastedSecret is one that no answer may show, wherever it stood in a body.
const pastedSecret = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"

// bodied are the calls that take a body, as asked has them.
func bodied() (all []string) {
	for _, id := range slices.Sorted(maps.Keys(asked)) {
		if method, _, _ := strings.Cut(asked[id].request, " "); method == http.MethodPost || method == http.MethodPatch {
			all = append(all, asked[id].request)
		}
	}
	return all
}

// FuzzAnyBodyIsTakenOrRefusedWithAReason sends any body to any call that takes
// one, of a key that is there.
func FuzzAnyBodyIsTakenOrRefusedWithAReason(f *testing.F) {
	calls := bodied()
	for i, call := range calls {
		_, body, _ := strings.Cut(call, " /")
		_, body, _ = strings.Cut(body, " ")
		for _, seed := range []string{body, "", "{}", "null", "[]", "{", body + body, strings.ReplaceAll(body, `":"`, `":"`+pastedSecret), strings.ReplaceAll(body, `":"`, `":1,"`)} {
			f.Add(uint8(i), seed)
		}
	}
	f.Add(uint8(0), `{"name":"good","description":"d","kind":"ci","environment":"test","scopes":["read"],"owner":"o","expires_in":"30d","allowed_ips":["10.0.0.0/8","::1"],"metadata":{"a":"b"}}`)
	f.Add(uint8(0), `{"name":"good","expires_at":"2030-01-01T00:00:00Z","profile":"none","plan":"free","project":"none"}`)
	f.Add(uint8(1), `{"name":"","scopes":["read","write"],"allowed_ips":null,"metadata":null,"expires_at":null,"status":"inactive"}`)
	g := setup(f)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		made, err := g.manager.CreateKey(t.Context(), g.command, manage.NewKey{Name: "a key", Scopes: []string{"read", "write"}})
		if err != nil {
			t.Fatal(err)
		}
		method, target, _ := strings.Cut(calls[int(which)%len(calls)], " ")
		target, _, _ = strings.Cut(target, " ")
		got := g.quickly(t, method, strings.ReplaceAll(target, "key_a", string(made.ID)), body)
		if got.StatusCode >= http.StatusInternalServerError || strings.Contains(got.text, pastedSecret) {
			t.Errorf("%s %s %q: answered %d %s", method, target, body, got.StatusCode, got.text)
		}
		if got.StatusCode >= http.StatusBadRequest && (got.err["code"] == nil || got.err["message"] == "") {
			t.Errorf("%s %s %q: refused without a word: %s", method, target, body, got.text)
		}
		g.quickly(t, http.MethodDelete, "/v1/keys/"+string(made.ID), "")
		if id, _ := got.doc["id"].(string); strings.HasPrefix(id, "key_") && id != string(made.ID) {
			g.quickly(t, http.MethodDelete, "/v1/keys/"+id, "")
		}
	})
}

// quickly is do for an operator, without a look into the document.
func (f *fixture) quickly(t *testing.T, method, target, body string) response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.operator)
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	got, err := readResponse(w.Result())
	if err != nil {
		t.Fatal(err)
	}
	return got
}
