package credential_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/problem"
)

var everywhere = credential.Sources{
	{Kind: credential.Bearer}, {Kind: credential.Header, Name: "X-Api-Key"}, {Kind: credential.Query, Name: "api_key"},
}

func request(query string, header http.Header) *http.Request {
	u := &url.URL{Path: "/v1/x", RawQuery: query}
	return &http.Request{URL: u, RequestURI: u.RequestURI(), Header: header}
}

func TestOneCredentialFromAnyOfTheSources(t *testing.T) {
	t.Parallel()
	bearer, header := []string{"Bearer " + keyA}, []string{keyA}
	for name, c := range map[string]struct {
		query  string
		header http.Header
		want   credential.Found
	}{
		"CRED-02 nowhere":                         {"", nil, credential.Found{Code: problem.MissingKey}},
		"in Authorization":                        {"", http.Header{"Authorization": bearer}, credential.Found{Text: keyA}},
		"in a header":                             {"", http.Header{"X-Api-Key": header}, credential.Found{Text: keyA}},
		"in the query":                            {"api_key=" + keyA, nil, credential.Found{Text: keyA}},
		"in the query, escaped":                   {"a=b&api%5Fkey=%6bs_live", nil, credential.Found{Text: "ks_live"}},
		"in the query, behind a semicolon":        {"a=b;api_key=ks", nil, credential.Found{Text: "ks"}},
		"CRED-03 empty in the query":              {"api_key=&a=b", nil, credential.Found{Code: problem.MissingKey}},
		"CRED-03 empty in a header":               {"", http.Header{"X-Api-Key": {""}}, credential.Found{Code: problem.MissingKey}},
		"CRED-04 twice in a header":               {"", http.Header{"X-Api-Key": {keyA, keyA}}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 in Authorization and the query":  {"api_key=" + keyB, http.Header{"Authorization": bearer}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 the same twice":                  {"api_key=" + keyA, http.Header{"Authorization": bearer}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 in a header and the query":       {"api_key=" + keyB, http.Header{"X-Api-Key": header}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 beside another scheme":           {"api_key=" + keyA, http.Header{"Authorization": {"Basic eDp5"}}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 twice in the query":              {"api_key=a&api_key=b", nil, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 twice, once escaped":             {"api_key=a&api%5fkey=b", nil, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 twice, once behind a semicolon":  {"x=1;api_key=a&api_key=b", nil, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 once empty":                      {"api_key=&api_key=b", nil, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-06 three places":                    {"api_key=a", http.Header{"Authorization": bearer, "X-Api-Key": header}, credential.Found{Code: problem.MultipleCredentials}},
		"CRED-08 another scheme alone":            {"", http.Header{"Authorization": {"Basic eDp5"}}, credential.Found{Code: problem.MalformedKey}},
		"CRED-09 a JWT in a header":               {"", http.Header{"X-Api-Key": {"eyJ.eyJ.x"}}, credential.Found{Text: "eyJ.eyJ.x"}},
		"an empty place leaves the others":        {"api_key=", http.Header{"Authorization": bearer}, credential.Found{Text: keyA}},
		"a parameter of another name":             {"api_keys=a&API_KEY=b&xapi_key=c", nil, credential.Found{Code: problem.MissingKey}},
		"a parameter whose name can't be decoded": {"api_key%zz=a", nil, credential.Found{Code: problem.MissingKey}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, everywhere.Find(request(c.query, c.header))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyTheConfiguredPlacesCount(t *testing.T) {
	t.Parallel()
	only := credential.Sources{{Kind: credential.Bearer}}
	r := request("api_key="+keyA, http.Header{"X-Api-Key": {keyA}})
	if got := only.Find(r); got.Code != problem.MissingKey {
		t.Errorf("CRED-07: %+v", got)
	}
	only.Strip(r, func([]string) bool { return false })
	if r.URL.RawQuery != "api_key="+keyA || r.Header.Get("X-Api-Key") != keyA {
		t.Errorf("what is no credential is taken away: %q, %v", r.URL.RawQuery, r.Header)
	}
}

func TestTheCredentialIsTakenOffAndNothingElse(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                               "",
		"a=b":                            "a=b",
		"api_key=x":                      "",
		"api_key":                        "",
		"a=%20b&api_key=x&c=+d":          "a=%20b&c=+d",
		"api_key=x&a=b;c=d":              "a=b;c=d",
		"a=b;api_key=x;c=d":              "a=b;c=d",
		"api%5Fkey=x&a=b&api_key=y":      "a=b",
		"a=b&api_key=x":                  "a=b",
		"a=api_key=x":                    "a=api_key=x",
		"%61pi_key=" + keyA + "&a=%zz&b": "a=%zz&b",
	} {
		r := request(query, http.Header{"Authorization": {"Bearer " + keyA}, "X-Api-Key": {keyA}, "Accept": {"*/*"}})
		everywhere.Strip(r, func([]string) bool { return false })
		if r.URL.RawQuery != want || r.RequestURI != r.URL.RequestURI() {
			t.Errorf("LEAK-03: %q becomes %q (%s), want %q", query, r.URL.RawQuery, r.RequestURI, want)
		}
		if diff := cmp.Diff(http.Header{"Accept": {"*/*"}}, r.Header); diff != "" {
			t.Errorf("LEAK-03 (-want +got):\n%s", diff)
		}
	}
}

func TestWhatIsToBeKeptStays(t *testing.T) {
	t.Parallel()
	r := request("api_key=x&a=b", http.Header{"Authorization": {"Bearer y"}, "X-Api-Key": {"z", "zz"}})
	var asked [][]string
	everywhere.Strip(r, func(values []string) bool { asked = append(asked, values); return true })
	if r.URL.RawQuery != "api_key=x&a=b" || len(r.Header) != 2 {
		t.Errorf("left are %q and %v", r.URL.RawQuery, r.Header)
	}
	if diff := cmp.Diff([][]string{{"Bearer y"}, {"z", "zz"}, {"x"}}, asked); diff != "" {
		t.Errorf("asked about (-want +got):\n%s", diff)
	}
}

func FuzzNoReaderFindsAStrippedParameter(f *testing.F) {
	for _, query := range []string{"", "api_key=x", "a=b&api%5Fkey=y;c", ";&=api_key", "api_key;api_key&", "%61pi_key=%zz", "api_key%00=x"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		source := credential.Sources{{Kind: credential.Query, Name: "api_key"}}
		r := request(query, http.Header{})
		found := source.Find(r)
		source.Strip(r, func([]string) bool { return false })
		if again := source.Find(r); again.Code != problem.MissingKey {
			t.Errorf("of %q is left %q, with %+v", query, r.URL.RawQuery, again)
		}
		for _, separators := range []string{"&", ";", "&;"} {
			if named := readAs(r.URL.RawQuery, separators); len(named) > 0 {
				t.Errorf("of %q is left %q: who separates by %q finds %q", query, r.URL.RawQuery, separators, named)
			}
		}
		if found.Code == "" && !slices.Contains(readAs(query, "&;"), found.Text) {
			t.Errorf("%q is found in %q", found.Text, query)
		}
	})
}

// readAs is what a reader with these separators takes for the parameter.
func readAs(query, separators string) (values []string) {
	for _, part := range strings.FieldsFunc(query, func(c rune) bool { return strings.ContainsRune(separators, c) }) {
		key, value, _ := strings.Cut(part, "=")
		if text, err := url.QueryUnescape(key); err != nil || text != "api_key" {
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil {
			value = text
		}
		values = append(values, value)
	}
	return values
}
