package caddymodule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandsFindWhereAConfigurationServes(t *testing.T) {
	t.Parallel()
	type found struct{ Gates, Admin string }
	gate := func(address string) found { return found{Gates: address} }
	for caddyfile, want := range map[string]found{
		"api.example.com {\n keystile\n}":                                      gate("https://api.example.com"),
		"api.example.com:8443 {\n keystile\n}":                                 gate("https://api.example.com:8443"),
		"http://api.example.com {\n keystile\n}":                               gate("http://api.example.com"),
		"http://api.example.com:8080 {\n keystile\n}":                          gate("http://api.example.com:8080"),
		":8080 {\n keystile\n}":                                                gate("http://localhost:8080"),
		"http://:8080 {\n bind 127.0.0.1\n keystile\n}":                        gate("http://127.0.0.1:8080"),
		":8080 {\n bind ::1\n keystile\n}":                                     gate("http://[::1]:8080"),
		":8443 {\n tls internal\n keystile\n}":                                 gate("https://localhost:8443"),
		"localhost {\n keystile\n}":                                            gate("https://localhost"),
		"{\n auto_https off\n}\nlocalhost:2080 {\n keystile\n}":                gate("https://localhost:2080"),
		"{\n http_port 8080\n}\nhttp://localhost {\n keystile\n}":              gate("http://localhost:8080"),
		"*.example.com, api.example.org {\n keystile\n}":                       gate("https://api.example.org"),
		"api.example.com {\n handle {\n  keystile\n }\n}":                      gate("https://api.example.com"),
		"api.example.com {\n handle /a/* {\n  keystile\n }\n}":                 {},
		"api.example.com/a/* {\n keystile\n}":                                  {},
		"*.example.com {\n keystile\n}":                                        {},
		"http:// {\n bind unix//run/keystile.sock\n keystile\n}":               {},
		"api.example.com {\n respond hello\n}":                                 {},
		"http://:9080 {\n keystile_verify\n}":                                  {}, // nothing to call
		"admin.example.com {\n keystile_admin\n}":                              {Admin: "https://admin.example.com"},
		"admin.example.com {\n handle_path /keys/* {\n  keystile_admin\n }\n}": {},
		"a.example.com {\n keystile\n}\nb.example.com {\n keystile\n}\nc.example.com {\n keystile_admin\n}": {
			Admin: "https://c.example.com", Gates: "https://a.example.com https://b.example.com",
		},
	} {
		adapted, err := adapt("Caddyfile", []byte(caddyfile))
		if err != nil {
			t.Errorf("%s: %v", caddyfile, err)
			continue
		}
		served := servedIn(adapted, &Config{})
		var addresses []string
		for _, one := range served.gates {
			addresses = append(addresses, one.address)
		}
		if diff := cmp.Diff(want, found{strings.Join(addresses, " "), served.admin}); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", caddyfile, diff, adapted)
		}
	}
}

func TestOddConfigurationsHaveNoSites(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{`, `[]`, `{"apps":{"http":{"servers":[]}}}`, `{"apps":{"http":{"servers":{"a":{"listen":[],"routes":[{"handle":[{"handler":"keystile"}]}]}}}}}`,
		`{"apps":{"http":{"servers":{"a":{"listen":["tcp/:80:80:80"],"routes":[{"handle":[{"handler":"keystile","routes":7}]}]}}}}}`,
		`{"apps":{"http":{"servers":{"a":{"listen":["udp/:80"],"routes":[{"match":[{}],"handle":[{"handler":"subroute","routes":{}}]}]}}}}}`,
	} {
		if got := servedIn([]byte(text), &Config{}); got.admin != "" || len(got.gates) > 0 {
			t.Errorf("%s: found %+v", text, got)
		}
	}
}
