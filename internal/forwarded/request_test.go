package forwarded

import (
	"net/http"
	"strings"
	"testing"
)

// headers reads header lines as a server does.
func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	return h
}

func TestRequestIsReadFromWhicheverFamilyOfHeadersSpeaks(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"Caddy and Traefik":     {"X-Forwarded-Method: POST", "X-Forwarded-Uri: /v1/a%62?x=1&y", "X-Forwarded-Host: api.example"},
		"nginx":                 {"X-Original-Method: POST", "X-Original-URI: /v1/a%62?x=1&y", "X-Forwarded-Host: api.example"},
		"ingress-nginx":         {"X-Original-Method: POST", "X-Original-URL: https://api.example/v1/a%62?x=1&y"},
		"a proxy that clears":   {"X-Original-Method: POST", "X-Original-URI: /v1/a%62?x=1&y", "X-Forwarded-Uri:", "X-Forwarded-Method:", "X-Forwarded-Host: api.example"},
		"families that agree":   {"X-Forwarded-Method: POST", "X-Original-Method: POST", "X-Forwarded-Uri: /v1/a%62?x=1&y", "X-Original-URL: http://api.example/v1/a%62?x=1&y", "X-Forwarded-Host: api.example"},
		"a host in a user name": {"X-Forwarded-Method: POST", "X-Forwarded-Uri: http://api.example@api.example/v1/a%62?x=1&y"},
	} {
		got, err := Read(headers(lines...))
		if err != nil || got.Method != "POST" || got.URI != "/v1/a%62?x=1&y" || got.Host != "api.example" {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if u := got.URL; u.Scheme != "" || u.Host != "" || u.User != nil || u.EscapedPath() != "/v1/a%62" || u.RawQuery != "x=1&y" {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestRequestThatIsNotToldOrToldInTwoWaysIsNone(t *testing.T) {
	t.Parallel()
	const method, uri = "X-Forwarded-Method: GET", "X-Forwarded-Uri: /public"
	for want, lines := range map[string][]string{
		"X-Forwarded-Method or X-Original-Method is missing": {uri},
		"X-Forwarded-Uri or X-Original-Uri is missing":       {method, "X-Forwarded-Uri:"},
		"X-Forwarded-Method stands there 2 times":            {method, method, uri},
		"X-Original-Method stands there 2 times":             {method, uri, "X-Original-Method: GET", "X-Original-Method:"},
		"X-Forwarded-Uri stands there 2 times":               {method, uri, uri},
		"X-Original-Url stands there 3 times":                {method, uri, "X-Original-URL: /public", "X-Original-URL: /public", "X-Original-URL: /public"},
		"X-Forwarded-Host stands there 2 times":              {method, uri, "X-Forwarded-Host: a", "X-Forwarded-Host: a"},
		"X-Forwarded-Method and X-Original-Method differ":    {method, uri, "X-Original-Method: get"},
		"X-Forwarded-Uri and X-Original-Uri differ":          {method, uri, "X-Original-URI: /v1/admin"},
		"X-Forwarded-Uri and X-Original-Url differ":          {method, uri, "X-Original-URL: https://api.example/public?x"},
		"X-Original-Uri and X-Original-Url differ":           {method, "X-Original-URI: /public", "X-Original-URL: /%70ublic"},
		"the method is none":                                 {"X-Forwarded-Method: GET, POST", uri},
	} {
		if got, err := Read(headers(lines...)); err == nil || err.Error() != want {
			t.Errorf("%v:\ngot  %+v, %v\nwant %s", lines, got, err, want)
		}
	}
	for _, target := range []string{"public", "*", "/a /b", "/public, /v1/admin", "/\x00", "/a\x7f", "ftp://h/a", "http:evil/x", "//%zz", "/%", "?a"} {
		got, err := Read(http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {target}})
		if err == nil || strings.Contains(err.Error(), target) {
			t.Errorf("%q: %+v, %v", target, got, err)
		}
	}
}

// FuzzRead reads any headers: nothing panics, what is read is what one of the
// headers says, and an error quotes none of it.
func FuzzRead(f *testing.F) {
	f.Add("GET", "", "/a?b", "", "", "h")
	f.Add("", "POST", "", "/a", "https://h/a", "")
	f.Add("GET", "GET", "//a", "/%2e%2e", "http://u:p@h", "a, b")
	f.Fuzz(func(t *testing.T, method, other, uri, original, absolute, host string) {
		h := http.Header{
			"X-Forwarded-Method": {method}, "X-Original-Method": {other}, "X-Forwarded-Uri": {uri},
			"X-Original-Uri": {original}, "X-Original-Url": {absolute}, "X-Forwarded-Host": {host},
		}
		got, err := Read(h)
		if err != nil {
			if len(uri) > 20 && strings.Contains(err.Error(), uri) {
				t.Fatalf("the error quotes the target: %v", err)
			}
			return
		}
		if got.Method == "" || got.Method != method && got.Method != other {
			t.Fatalf("method %q of %q, %q", got.Method, method, other)
		}
		if !strings.HasSuffix(uri, got.URI) && !strings.HasSuffix(original, got.URI) && !strings.HasSuffix(absolute, got.URI) {
			t.Fatalf("target %q of %q, %q, %q", got.URI, uri, original, absolute)
		}
		if got.URL.Host != "" || got.URL.Scheme != "" || got.URL.Path != "" && got.URL.Path[0] != '/' {
			t.Fatalf("%+v", got.URL)
		}
	})
}
