package e2e

import (
	"net/http"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// spent asks until each of the three kinds of allowance is used up.
type spent struct {
	live, test key
}

const allowances = `
	rate_limit live 3/d
	quota test 2/month
	unknown_keys 2/d
`

func spendAll(t *testing.T, g *gate) spent {
	t.Helper()
	s := spent{g.key(), g.key("--environment", "test")}
	for range 3 {
		wantAnswer(t, g, g.get("/x", s.live.bearer()), http.StatusOK, "")
	}
	for range 2 {
		wantAnswer(t, g, g.get("/x", s.test.bearer()), http.StatusOK, "")
		wantAnswer(t, g, g.get("/x", nobodys(t)), http.StatusUnauthorized, "unknown_key")
	}
	return s
}

// nobodys is a header line with a secret that nobody has.
func nobodys(t *testing.T) string {
	t.Helper()
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bearer(format.Mint(keys.Live).Reveal())
}

func (s spent) wantRefused(t *testing.T, g *gate, when string) {
	t.Helper()
	for what, ask := range map[string]struct{ line, code string }{
		"a bucket": {s.live.bearer(), "rate_limited"},
		"a quota":  {s.test.bearer(), "quota_exceeded"},
		"guesses":  {nobodys(t), "rate_limited"},
	} {
		if got := g.get("/x", ask.line); got.code() != ask.code {
			t.Errorf("%s: %s that was used up: %v", when, what, got)
		}
	}
}

func TestNoReloadHandsOutWhatWasSpentAnew(t *testing.T) {
	t.Parallel()
	g := setup(t, options{app: allowances})
	s := spendAll(t, g)
	s.wantRefused(t, g, "before a reload")
	for _, change := range []struct{ name, app, policy string }{
		{"the same configuration", allowances, ""},
		{"a pepper", allowances + "pepper salt", ""},
		{"another pepper", allowances + "pepper salz salt", ""},
		{"other figures", allowances + "cache_size 1000\nmax_staleness 5s\nusage {\n flush_interval 2s\n}", ""},
		{"a plan and a scope", allowances + "scope read\nplan free {\n max_keys 9\n}", "route * /* {\n any_of read all\n}\nroute GET /x"},
		{"a prefix", allowances + "accept_prefix live old-", ""},
	} {
		g.options.app, g.options.policy = change.app, change.policy
		g.reload(g.caddyfile())
		s.wantRefused(t, g, "after "+change.name)
	}
}

func TestSitesWithEqualRoutesHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	const route = `route GET /x {
		rate_limit live 2/d
	}`
	g := setup(t, options{policy: route, sites: `
http://b.test:$PORT {
	bind 127.0.0.1
	keystile {
		` + route + `
	}
	respond ok
}`})
	k := g.key()
	spend := func(host string, want int) {
		t.Helper()
		granted := 0
		for range 3 {
			if got := g.get("/x", k.bearer(), "Host: "+host); got.status == http.StatusOK {
				granted++
			}
		}
		if granted != want {
			t.Errorf("%s: %d calls granted, want %d", host, granted, want)
		}
	}
	spend("a.test", 2)
	spend("b.test", 2)
	g.reload(g.caddyfile())
	spend("a.test", 0)
	spend("b.test", 0)
}
