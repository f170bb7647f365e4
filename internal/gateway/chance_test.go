package gateway_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

// chance makes policies, keys and requests that meet often.
type chance struct{ *rand.Rand }

func (r chance) one(of ...string) string { return of[r.IntN(len(of))] }

// some is any part of a list.
func (r chance) some(of ...string) (out []string) {
	for _, word := range of {
		if r.IntN(3) == 0 {
			out = append(out, word)
		}
	}
	return out
}

func (r chance) rarely() bool { return r.IntN(6) == 0 }

var scopeNames = []string{"read", "write", "admin"}

func (r chance) key(k *keys.Key, now time.Time) {
	k.Environment = keys.Environment(r.one("live", "live", "test"))
	k.Workspace = r.one(storage.DefaultWorkspace, storage.DefaultWorkspace, "rivals")
	k.Project = r.one("", "", "p1", "p2")
	k.Scopes = append(r.some(scopeNames...), r.some("all")...)
	if r.rarely() {
		k.Status = keys.Status(r.one("revoked", "inactive"))
	}
	if r.rarely() {
		k.ExpiresAt = now.Add(-time.Hour).Truncate(time.Microsecond)
	}
	if r.rarely() {
		k.AllowedIPs = []string{"192.0.2.0/24"}
	}
}

func (r chance) limitOf(name string) *limit.Limit {
	return &limit.Limit{Name: name, Rate: limit.Rate{N: 1, Per: time.Hour, Burst: 1 + r.Int64N(6)}}
}

func (r chance) routes() (out []*policy.Route) {
	for _, pattern := range r.some("/v1/items", "/v1/items/{item}", "/v1/{project}/sums", "/v1/*", "/open", "/Open") {
		route := &policy.Route{Methods: []string{r.one("GET", "POST", "*")}, Pattern: pattern, Cost: limit.Cost(1 + r.IntN(3))}
		switch {
		case r.rarely():
			route.Public = true
		default:
			route.Scopes, route.AnyOf, route.Loose, route.JWT = r.some(scopeNames...), r.some("read", "write"), r.rarely(), r.rarely()
			if pattern == "/v1/{project}/sums" {
				route.Project = "{project}"
			}
			if r.rarely() {
				route.Environments = []keys.Environment{keys.Test}
			}
			if r.rarely() {
				route.Limits = map[keys.Environment]*limit.Limit{keys.Live: r.limitOf("route")}
			}
			if r.rarely() {
				route.Quotas = map[keys.Environment][]quota.Quota{keys.Live: {{Max: 1 + r.Int64N(5), Period: quota.Day}}}
			}
		}
		out = append(out, route)
	}
	return out
}

// config is a gate's, but for what the fixture has of its own.
func (r chance) config(t *testing.T) gateway.Config {
	t.Helper()
	table, err := policy.NewTable(r.routes())
	must(t, err)
	cfg := gateway.Config{
		Site:    &policy.Site{Table: table, DefaultAllow: r.rarely()},
		Observe: r.rarely(), PassJWT: r.rarely(), PassPreflight: r.rarely(),
	}
	if r.rarely() {
		cfg.Site.Workspace = storage.DefaultWorkspace
	}
	if r.rarely() {
		cfg.Site.Environments = []keys.Environment{keys.Live}
	}
	if r.IntN(2) == 0 {
		cfg.Limits.Default = map[keys.Environment]*limit.Limit{keys.Live: r.limitOf("live")}
	}
	if r.IntN(3) == 0 {
		cfg.Limits.Quotas = map[keys.Environment][]quota.Quota{keys.Live: {{Max: 1 + r.Int64N(9), Period: quota.Hour}}}
	}
	return cfg
}

// question is one request, that any number of gates can be asked.
type question struct {
	method, path, credential string
	key                      int // of the fixture; -1: the credential is none of its keys
	client                   netip.Addr
}

func (r chance) question(known int) question {
	q := question{
		method: r.one("GET", "GET", "POST", "HEAD", "OPTIONS", "get"), key: r.IntN(known), client: netip.MustParseAddr(r.one("192.0.2.7", "203.0.113.9")),
		path: r.one("/v1/items", "/v1/items/7", "/v1/p1/sums", "/v1/p2/sums", "/v1/p9/sums", "/v1/Items", "/v1/items/", "/open", "/OPEN", "/v1//x", "/v1/a%2fb", "/"),
	}
	if r.rarely() {
		q.key, q.credential = -1, r.one("", "Basic eA==", "Bearer x", "Bearer eyJhbGciOiJub25lIn0.e30.x", "Bearer a, Bearer b", "Bearer ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco")
	}
	return q
}

func (q question) call(secrets []string) *gateway.Call {
	r := httptest.NewRequest(q.method, q.path, http.NoBody)
	credential := q.credential
	if q.key >= 0 {
		credential = "Bearer " + secrets[q.key]
	}
	if credential != "" {
		r.Header.Set("Authorization", credential)
	}
	if r.Method == http.MethodOptions {
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "GET")
	}
	return &gateway.Call{Request: r, Client: q.client}
}
