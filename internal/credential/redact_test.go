package credential_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func starred(string) string { return "***" }

func TestWhatStandsInThePlaceOfACredentialIsRedacted(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Api-Key": {"a", "b"}, "X-Other": {"c"}, "Authorization": {"d"}}
	want := http.Header{"X-Api-Key": {"***", "***"}, "X-Other": {"c"}, "Authorization": {"d"}}
	if diff := cmp.Diff(want, everywhere.RedactHeader(header, starred)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if header["X-Api-Key"][0] != "a" {
		t.Error("the request's own header was changed")
	}
	for target, want := range map[string]string{
		"":                                "",
		"/x":                              "/x",
		"/x?a=1&b":                        "/x?a=1&b",
		"/x?":                             "/x?",
		"*":                               "*",
		"/x?api_key=secret":               "/x?api_key=***",
		"/x?api_key":                      "/x?api_key=***",
		"/x?a=1;api%5Fkey=secret;b=%zz&c": "/x?a=1;api%5Fkey=***;b=%zz&c",
		"/x?api_key=a=b?c&api_key=&d=/?e": "/x?api_key=***&api_key=***&d=/?e",
		"http://h/x?api_key=secret#rest":  "http://h/x?api_key=***",
	} {
		if got := everywhere.RedactTarget(target, starred); got != want {
			t.Errorf("%q: got %q, want %q", target, got, want)
		}
	}
}

func TestARequestWithoutACredentialIsNotCopied(t *testing.T) { // not parallel: it counts allocations
	header := http.Header{"X-Other": {"c"}}
	if n := testing.AllocsPerRun(100, func() {
		everywhere.RedactHeader(header, starred)
		everywhere.RedactTarget("/x", starred)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
