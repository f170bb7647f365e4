package credential_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/problem"
)

const (
	keyA = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"
	keyB = "ks_test_0123456789ABCDEFGHIJKLMNOPQRSTxxxxxx"
)

// read finds the credential of a request with header lines, as the server
// reads them.
func read(t *testing.T, lines ...string) credential.Found {
	t.Helper()
	raw := "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	if len(lines) == 0 {
		raw = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatalf("the server refuses %q: %v", lines, err)
	}
	return credential.FromBearer(r.Header)
}

func TestOneBearerTokenIsTheCredential(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Authorization: Bearer " + keyA, "authorization: bearer " + keyA, "AUTHORIZATION: BEARER " + keyA, "Authorization: bEaReR " + keyA,
		"Authorization: Bearer  " + keyA, "Authorization: Bearer       " + keyA, "Authorization:Bearer " + keyA, "Authorization: \tBearer " + keyA + " \t ",
	} {
		t.Run("CRED-01 "+line[:24], func(t *testing.T) {
			t.Parallel()
			if got := read(t, line); got != (credential.Found{Text: keyA}) {
				t.Errorf("%q: %+v", line, got)
			}
		})
	}
}

func TestWhatIsNotOneBearerTokenIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  problem.Code
	}{
		"CRED-02 nothing":                     {nil, problem.MissingKey},
		"CRED-02 other headers":               {[]string{"X-Api-Key: " + keyA, "Proxy-Authorization: Bearer " + keyA, "X-Authorization: Bearer " + keyA}, problem.MissingKey},
		"CRED-03 empty value":                 {[]string{"Authorization:"}, problem.MissingKey},
		"CRED-03 blank value":                 {[]string{"Authorization:   "}, problem.MissingKey},
		"CRED-03 bare scheme":                 {[]string{"Authorization: Bearer"}, problem.MalformedKey},
		"CRED-03 bare scheme and a space":     {[]string{"Authorization: Bearer "}, problem.MalformedKey},
		"CRED-04 two lines":                   {[]string{"Authorization: Bearer " + keyA, "Authorization: Bearer " + keyB}, problem.MultipleCredentials},
		"CRED-04 two identical lines":         {[]string{"Authorization: Bearer " + keyA, "Authorization: Bearer " + keyA}, problem.MultipleCredentials},
		"CRED-04 other case":                  {[]string{"Authorization: Bearer " + keyA, "aUTHORIZATION: Basic eDp5"}, problem.MultipleCredentials},
		"CRED-04 an empty line beside":        {[]string{"Authorization:", "Authorization: Bearer " + keyA}, problem.MultipleCredentials},
		"CRED-05 joined":                      {[]string{"Authorization: Bearer " + keyA + ", Bearer " + keyB}, problem.MultipleCredentials},
		"CRED-05 joined without a space":      {[]string{"Authorization: Bearer " + keyA + ",bearer " + keyB}, problem.MultipleCredentials},
		"CRED-05 joined by a tab":             {[]string{"Authorization: Bearer " + keyA + ",\tBEARER " + keyB}, problem.MultipleCredentials},
		"CRED-05 third in the line":           {[]string{"Authorization: Bearer " + keyA + ", x, Bearer " + keyB}, problem.MultipleCredentials},
		"CRED-05 a list of tokens":            {[]string{"Authorization: Bearer " + keyA + "," + keyB}, problem.MalformedKey},
		"CRED-05 another scheme beside":       {[]string{"Authorization: Bearer " + keyA + ", Basic eDp5"}, problem.MalformedKey},
		"CRED-05 a word that begins alike":    {[]string{"Authorization: Bearer a,bearerish"}, problem.MalformedKey},
		"CRED-07 only in the query":           {nil, problem.MissingKey},
		"CRED-08 Basic":                       {[]string{"Authorization: Basic a3NfbGl2ZV8wMTIzNDU2Nzg5OmE="}, problem.MalformedKey},
		"CRED-08 Basic of a key":              {[]string{"Authorization: Basic " + keyA}, problem.MalformedKey},
		"CRED-08 Digest":                      {[]string{`Authorization: Digest username="x", nonce="y"`}, problem.MalformedKey},
		"CRED-08 no scheme":                   {[]string{"Authorization: " + keyA}, problem.MalformedKey},
		"CRED-08 a longer scheme":             {[]string{"Authorization: Bearers " + keyA}, problem.MalformedKey},
		"CRED-08 no space":                    {[]string{"Authorization: Bearer" + keyA}, problem.MalformedKey},
		"CRED-08 another separator":           {[]string{"Authorization: Bearer:" + keyA}, problem.MalformedKey},
		"CRED-15 tab before the token":        {[]string{"Authorization: Bearer\t" + keyA}, problem.MalformedKey},
		"CRED-15 space and tab":               {[]string{"Authorization: Bearer \t" + keyA}, problem.MalformedKey},
		"CRED-15 space inside":                {[]string{"Authorization: Bearer ks_live_ " + keyA}, problem.MalformedKey},
		"CRED-15 tab inside":                  {[]string{"Authorization: Bearer ks_live_\t" + keyA}, problem.MalformedKey},
		"CRED-15 quotes":                      {[]string{`Authorization: Bearer "` + keyA + `"`}, problem.MalformedKey},
		"CRED-15 a quote inside":              {[]string{`Authorization: Bearer ks"live`}, problem.MalformedKey},
		"CRED-19 Cyrillic a":                  {[]string{"Authorization: Bearer ks_live_\u0430bc"}, problem.MalformedKey},
		"CRED-19 full-width digits":           {[]string{"Authorization: Bearer ks_live_\uff11\uff12"}, problem.MalformedKey},
		"CRED-19 no-break space":              {[]string{"Authorization: Bearer ks_live_\u00a0x"}, problem.MalformedKey},
		"CRED-19 Kelvin sign in the scheme":   {[]string{"Authorization: \u212abearer " + keyA}, problem.MalformedKey},
		"CRED-19 full-width scheme":           {[]string{"Authorization: \uff22earer " + keyA}, problem.MalformedKey},
		"CRED-19 non-ASCII that opens as JWT": {[]string{"Authorization: Bearer eyJhb\u0430.b.c"}, problem.MalformedKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := read(t, c.lines...); got != (credential.Found{Code: c.want}) {
				t.Errorf("%q: %+v, want %s", c.lines, got, c.want)
			}
		})
	}
}

func TestJSONWebTokensAreRecognised(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln":    true,
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.":         true, // alg: none
		"eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn":        true, // encrypted (RFC 7516)
		"eyJhbGciOiJub25lIn0":                          false,
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0":          false,
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln.x":   false,
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2l/n":    false,
		"ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco": false,
		"ks.live.eyJ": false,
	} {
		t.Run("CRED-09 "+token, func(t *testing.T) {
			t.Parallel()
			if got := read(t, "Authorization: Bearer "+token); got != (credential.Found{Text: token, JWT: want}) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestReadingACredentialDoesNotAllocate(t *testing.T) { // not parallel: it counts allocations
	h := http.Header{"Authorization": {"Bearer " + keyA}}
	if n := testing.AllocsPerRun(100, func() { credential.FromBearer(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzOnlyOnePlainBearerTokenIsTakenAsACredential(f *testing.F) {
	for _, value := range []string{"", "Bearer", "Bearer " + keyA, "bearer   x", "Bearer a, Bearer b", "Bearer\tx", `Bearer "x"`, "Basic x", "Bearer eyJ.a.b", "Bearer \u0430"} {
		f.Add(value, "", byte(1))
		f.Add(value, "Bearer "+keyB, byte(2))
	}
	f.Fuzz(func(t *testing.T, first, second string, lines byte) {
		values := []string{first, second}[:lines%3]
		got := credential.FromBearer(http.Header{"Authorization": values})
		if got.Code != "" {
			if got.Text != "" || got.JWT {
				t.Errorf("%q is refused with %s, and yet holds %+v", values, got.Code, got)
			}
			return
		}
		if len(values) != 1 || !isOneBearerToken(values[0], got.Text) {
			t.Errorf("%q is taken as %q", values, got.Text)
		}
	})
}

// isOneBearerToken says slowly what a good value is.
func isOneBearerToken(value, token string) bool {
	scheme, rest, spaced := strings.Cut(value, " ")
	return spaced && strings.ToLower(scheme) == "bearer" && strings.TrimLeft(rest, " ") == token &&
		token != "" && !strings.ContainsAny(token, "\",") && len(strings.Fields(token)) == 1 && strings.Fields(token)[0] == token
}
