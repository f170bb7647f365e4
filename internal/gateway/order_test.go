package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
)

// A catalogue that can't be read is a fault of the store, but only for those
// whose answer depends on it.
func TestAFaultOfTheCatalogueHidesNothingThatComesBeforeTheProject(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/{project}", Project: "{project}", Scopes: []string{"read"}},
		{Methods: []string{"POST"}, Pattern: "/v1/{project}", Project: "{project}", Environments: []keys.Environment{keys.Test}},
	})
	secrets := map[string]string{}
	for name, change := range map[string]func(*keys.Key){
		"revoked":       func(k *keys.Key) { k.Status = keys.Revoked },
		"inactive":      func(k *keys.Key) { k.Status = keys.Inactive },
		"expired":       func(k *keys.Key) { k.ExpiresAt = f.start.Add(-time.Hour) },
		"good":          func(k *keys.Key) { k.Scopes = []string{"read"} },
		"without scope": nil,
	} {
		_, secrets[name] = f.key(change)
	}
	f.store.noCatalogue.Store(true)
	for _, c := range []struct {
		key, method string
		want        problem.Code
	}{
		{"revoked", http.MethodGet, problem.RevokedKey},
		{"inactive", http.MethodGet, problem.InactiveKey},
		{"expired", http.MethodGet, problem.ExpiredKey},
		{"good", http.MethodPost, problem.EnvironmentNotAllowed},
		{"good", http.MethodDelete, problem.RouteNotAllowed},
		{"without scope", http.MethodGet, problem.StoreUnavailable},
		{"good", http.MethodGet, problem.StoreUnavailable},
	} {
		got := f.ask(c.method, "/v1/apollo", secrets[c.key])
		if got.Verdict.Code != c.want || c.want == problem.StoreUnavailable && got.Verdict.RetryAfter < time.Second {
			t.Errorf("%s key, %s: %q (retry after %v), want %q", c.key, c.method, got.Verdict.Code, got.Verdict.RetryAfter, c.want)
		}
	}
}
