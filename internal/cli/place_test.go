package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wire is an API in memory that lists no keys.
type wire struct{ seen []*http.Request }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.seen = append(w.seen, r)
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	_, _ = answer.WriteString(`{"data":[],"next_cursor":null}`)
	return answer.Result(), nil
}

// canary is a token that nothing may print.
const canary = "kst_canary00000000000000000000000000000000"

func TestTheCommandLineSaysWhatIsWorkedOnElseTheEnvironment(t *testing.T) {
	t.Parallel()
	const env, url = "https://env.example", "https://flag.example/keys"
	for name, row := range map[string]struct {
		api, token string // of the environment
		typed      string // on standard input
		args       []string
		store      string // that is opened; empty: the API
		host       string
	}{
		"nothing":            {args: nil, store: "Caddyfile"},
		"a file":             {args: []string{"--config", "other"}, store: "other"},
		"a token in vain":    {token: canary, store: "Caddyfile"},
		"flags":              {args: []string{"--api", url, "--token", canary}, host: "flag.example"},
		"the environment":    {api: env, token: canary, host: "env.example"},
		"a file over all":    {api: env, token: canary, args: []string{"--config", "Caddyfile"}, store: "Caddyfile"},
		"a flag over it":     {api: env, token: canary, args: []string{"--api", url}, host: "flag.example"},
		"a token over it":    {api: env, token: "kst_other", args: []string{"--token", canary}, host: "env.example"},
		"a token typed in":   {api: env, typed: " " + canary + "\r\nmore\n", args: []string{"--token", "-"}, host: "env.example"},
		"without line break": {typed: canary, args: []string{"--api", url, "--token=-"}, host: "flag.example"},
		"before the verb":    {args: []string{"--token", canary, "--api", url}, host: "flag.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, api := setup(t), &wire{}
			f.env, f.input, f.transport = map[string]string{apiVariable: row.api, tokenVariable: row.token}, row.typed, api
			f.ok(t, append([]string{"keys", "list"}, row.args...)...)
			if opened := strings.Join(f.opened, " "); opened != row.store || (len(api.seen) == 1) != (row.host != "") {
				t.Fatalf("opened %q and asked %d times", opened, len(api.seen))
			}
			if row.host == "" {
				return
			}
			r := api.seen[0]
			if r.URL.Host != row.host || r.Header.Get("Authorization") != "Bearer "+canary || r.UserAgent() != "keystile/test" {
				t.Errorf("asked %s with %v", r.URL, r.Header)
			}
			if r.URL.Query().Has("workspace") {
				t.Error("asked about a workspace that nobody named: the token's would be refused")
			}
		})
	}
}

func TestWhatCanNotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, says := range map[string]string{
		"--api https://a.example --config Caddyfile":          "--config names a store and --api an API: state one of them",
		"--token " + canary:                                   "--token and --ca go with --api",
		"--config x --token " + canary:                        "--token and --ca go with --api",
		"--ca x":                                              "--token and --ca go with --api",
		"--api https://a.example":                             "--api needs a token: state KEYSTILE_TOKEN, or --token",
		"--api https://a.example --token -":                   "--api needs a token: state KEYSTILE_TOKEN, or --token",
		"--api https://a.example --token=":                    "--api needs a token: state KEYSTILE_TOKEN, or --token",
		"--api= --token " + canary:                            "must start with http:// or https://, and name a host",
		"--api a.example --token " + canary:                   "must start with http:// or https://, and name a host",
		"--api https://" + canary + "@a.example --token x":    "must hold no credentials",
		"--api https://a.example --token ä" + canary:          "characters that no token has",
		"--api https://a.example --token x --ca " + empty:     "it has no certificate in PEM",
		"--api https://a.example --token x --ca /nowhere.pem": "no such file",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			got := f.run(t, append([]string{"keys", "list"}, strings.Fields(line)...)...)
			if got.status != StatusBadUsage || got.out != "" || !strings.Contains(got.err, says) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("status %d, out %q, err %q; want %q", got.status, got.out, got.err, says)
			}
			if strings.Contains(got.err, canary[4:]) || len(f.opened) > 0 {
				t.Errorf("printed %q, and opened %q", got.err, f.opened)
			}
		})
	}
}

func TestAWorkspaceIsAskedAboutWhereItIsNamed(t *testing.T) {
	t.Parallel()
	f, api := setup(t), &wire{}
	f.transport = api
	f.ok(t, "keys", "list", "--api", "https://a.example", "--token", canary, "--workspace", "acme")
	if got := api.seen[0].URL.Query().Get("workspace"); got != "acme" {
		t.Errorf("asked about %q", got)
	}
}

// An import that went to ./Caddyfile while everything else goes to the API
// would take keys over into the wrong place.
func TestAnImportGoesWhereTheOtherCommandsGo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.env = map[string]string{apiVariable: "https://a.example"}
	got := f.run(t, "import", "-")
	if got.status != StatusFailed || got.err != "keystile: "+errNoImporter.Error()+"\n" || len(f.opened) > 0 {
		t.Errorf("%+v, opened %q", got, f.opened)
	}
	f.input = "digest,algorithm,name\n"
	f.ok(t, "import", "-", "--config", "here")
	if len(f.opened) != 1 || f.opened[0] != "here" {
		t.Errorf("opened %q", f.opened)
	}
}

func TestAnAPIThatDoesNotAnswerIsOneLine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	got := f.run(t, "keys", "list", "--api", dead.URL, "--token", canary)
	if got.status != StatusFailed || got.out != "" || got.err != "keystile: can't reach "+dead.URL+": connection refused\n" {
		t.Errorf("%+v", got)
	}
}
