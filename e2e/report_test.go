package e2e

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
)

const reportPolicy = "route GET /v1/projects read\nroute POST /v1/projects write\nroute GET /open public\nenvironment live\n"

// call is one request: method, path, and what stands in Authorization.
type call [3]string

// code sends a request, and returns the code of its refusal; empty: it was
// answered by the upstream.
func (g *gate) code(c call) string {
	g.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), c[0], "http://"+g.addr+c[1], http.NoBody)
	if err != nil {
		g.t.Fatal(err)
	}
	if c[2] != "" {
		r.Header.Set("Authorization", c[2])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer got.Body.Close()
	if _, err := io.Copy(io.Discard, got.Body); err != nil {
		g.t.Fatal(err)
	}
	return got.Header.Get("X-Code")
}

// TestAReportOfFiveThousandObservedRequestsNamesWhatEnforcingRefuses observes
// them, reloads the same policy to be enforced, and sends them again.
func TestAReportOfFiveThousandObservedRequestsNamesWhatEnforcingRefuses(t *testing.T) {
	t.Parallel()
	const requests = 5000
	g := setup(t, options{policy: reportPolicy + "mode observe", before: "header X-Code {keystile.outcome} {\n defer\n}"})
	reader, tester := g.key("--scopes", "read"), g.key("--scopes", "all", "--environment", "test")
	revoked := g.key("--scopes", "read,write")
	g.must(nil, "keys", "revoke", revoked.ID, "--wait", "5s")
	ids := map[string]string{reader.Secret: reader.ID, tester.Secret: tester.ID, revoked.Secret: revoked.ID}
	credentials := []string{"", "Bearer nonsense", "Basic YTpi", "Bearer " + reader.Secret, "Bearer " + reader.Secret, "Bearer " + tester.Secret, "Bearer " + revoked.Secret}
	routes := map[string]string{"GET /v1/projects": "GET /v1/projects", "POST /v1/projects": "POST /v1/projects", "GET /open": "GET /open"}
	draw := rand.New(rand.NewPCG(3, 5))
	all := make([]call, requests)
	for i := range all {
		all[i] = call{
			[]string{"GET", "GET", "POST"}[draw.IntN(3)], []string{"/v1/projects", "/v1/projects", "/open", "/v2", "/a%2fb"}[draw.IntN(5)],
			credentials[draw.IntN(len(credentials))],
		}
		if would := g.code(all[i]); would == "" {
			t.Fatalf("%v: the outcome isn't known", all[i][:2])
		}
	}
	type row struct{ Key, Route, Code string }
	g.reload(strings.Replace(g.caddyfile(), "mode observe", "mode enforce", 1))
	refused := map[row]int64{}
	total := int64(0)
	for _, one := range all {
		code := g.code(one)
		if code == "allowed" {
			continue
		}
		route := routes[one[0]+" "+one[1]]
		of := row{ids[strings.TrimPrefix(one[2], "Bearer ")], orElse(route, "default"), code}
		if code == "ambiguous_path" {
			of.Key = ""
		}
		refused[of]++
		total++
	}
	var said manage.ReportView
	eventually(t, startWithin, "all that was observed is flushed", func() bool {
		said = manage.ReportView{}
		g.must(&said, "report")
		return said.Total >= total
	})
	reported := map[row]int64{}
	for _, one := range said.Data {
		reported[row{string(one.KeyID), one.Route, one.Code}] += one.Requests
	}
	if diff := cmp.Diff(refused, reported); diff != "" || total < requests/3 {
		t.Errorf("%d refused (-refused +reported):\n%s", total, diff)
	}
}
