package credential_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keystile/keystile/internal/credential"
)

func TestWhatIsPutIntoARequestIsFoundThere(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]credential.Source{
		"bearer": {Kind: credential.Bearer}, "header": {Kind: credential.Header, Name: "X-Api-Key"}, "query": {Kind: credential.Query, Name: "api key"},
	} {
		for _, target := range []string{"/a", "/a?b=c"} {
			sources := credential.Sources{first, {Kind: credential.Header, Name: "X-Other"}}
			r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
			sources.Put(r, "ks_live_a+b/c")
			if found := sources.Find(r); found.Code != "" || found.Text != "ks_live_a+b/c" {
				t.Errorf("%s, %s: %+v", name, target, found)
			}
		}
	}
}
