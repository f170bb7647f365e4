package caddymodule

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// TestJSONConfigurationIsCheckedLikeACaddyfile: whoever writes JSON gets the
// same refusals, with the path of the part in place of the line.
func TestJSONConfigurationIsCheckedLikeACaddyfile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"prefixes":{"staging":"x_"}}`:                                    "prefixes/staging: unknown environment",
		`{"prefixes":{"live":"a_","test":"a_"}}`:                           "prefixes/test: prefix \"a_\" is given twice",
		`{"accept_prefixes":[{"environment":"live","prefix":"ks_test_"}]}`: "accept_prefixes/0: prefix \"ks_test_\" is given twice",
		`{"peppers":["a",""]}`:                                             "peppers/1: a pepper is empty",
		`{"scopes":[{"name":"a"},{"name":""}]}`:                            "scopes/1: scope \"\" is not a word",
		`{"plans":{"free":null}}`:                                          "plans/free: plan free is null",
		`{"plans":{"free":{"max_keys":0}}}`:                                "plans/free/max_keys: max_keys is 0",
		`{"plans":{"a b":{}}}`:                                             "plans/a b: plan \"a b\" is not named by a word",
		`{"plans":{"free":{"rate_limits":{"live":{"rate":"1/y"}}}}}`:       "plans/free/rate_limits/live: rate \"1/y\": unknown unit",
		`{"rate_limits":{"live":{"rate":"1/s","burst":-1}}}`:               "rate_limits/live: rate \"1/s\": burst is -1",
		`{"default_plan":"pro"}`:                                           "default_plan: unknown plan \"pro\"; known: none",
		`{"max_staleness":"900ms"}`:                                        "max_staleness: max_staleness is 900ms",
		`{"max_staleness":"-5s"}`:                                          "max_staleness: max_staleness is -5s",
		`{"usage":{"flush_interval":"2h"}}`:                                "usage/flush_interval: flush_interval is 2h",
		`{"cache_size":-1}`:                                                "cache_size: cache_size is -1",
	} {
		c := new(Config)
		if err := json.Unmarshal([]byte(text), c); err != nil {
			t.Fatal(err)
		}
		wantFault(t, text, c.validate(), want)
	}
}

func TestJSONGateIsCheckedLikeACaddyfile(t *testing.T) {
	t.Parallel()
	app := &Config{Scopes: []Scope{{Name: "read"}}}
	for text, want := range map[string]string{
		`{"credentials":[{}]}`:                                                               "credentials/0/credential: unknown credential \"\"; known: bearer, header, query",
		`{"workspace":"a b"}`:                                                                "workspace: workspace \"a b\"",
		`{"environments":["live","prod"]}`:                                                   "environments/1: unknown environment \"prod\"",
		`{"default":"maybe"}`:                                                                "default: unknown default \"maybe\"",
		`{"routes":[{"pattern":"/a"}]}`:                                                      "routes/0: route /a names no method",
		`{"routes":[{"methods":["GET"]}]}`:                                                   "routes/0: pattern \"\" does not begin with /",
		`{"routes":[{"methods":["GET","GET"],"pattern":"/a"}]}`:                              "routes/0: method GET is given twice",
		`{"routes":[{"methods":["GET"],"pattern":"/{file}"}]}`:                               "routes/0: {file} in a route's pattern is Caddy's own placeholder",
		`{"routes":[{"methods":["GET"],"pattern":"/{http.request.uri.path.file}"}]}`:         "routes/0: {file} in a route's pattern is Caddy's own placeholder",
		`{"routes":[{"methods":["GET"],"pattern":"/a","scopes":["read","write"]}]}`:          "routes/0/scopes/1: unknown scope \"write\"; known: all, manage:api-keys, read",
		`{"routes":[{"methods":["GET"],"pattern":"/a","any_of":["write"]}]}`:                 "routes/0/any_of/0: unknown scope \"write\"",
		`{"routes":[{"methods":["GET"],"pattern":"/a","public":true,"scopes":["read"]}]}`:    "routes/0: a public route needs no key: scopes would have no effect",
		`{"routes":[{"methods":["GET"],"pattern":"/a","public":true,"jwt":"pass"}]}`:         "routes/0: a public route needs no key: jwt would have no effect",
		`{"routes":[{"methods":["GET"],"pattern":"/a","jwt":"maybe"}]}`:                      "routes/0/jwt: unknown jwt \"maybe\"; known: pass, reject",
		`{"routes":[{"methods":["GET"],"pattern":"/a","cost":-1}]}`:                          "routes/0/cost: cost is -1",
		`{"routes":[{"methods":["GET"],"pattern":"/a","project":"{p}"}]}`:                    "routes/0/project: project {p}: {p} is neither a wildcard",
		`{"routes":[{"methods":["GET"],"pattern":"/a","rate_limits":{"x":{"rate":"1/s"}}}]}`: "routes/0/rate_limits/x: unknown environment \"x\"",
		`{"routes":[{"methods":["GET"],"pattern":"/{a}"},{"methods":["*"],"pattern":"/{a}"},{"methods":["GET"],"pattern":"/{b}"}]}`: "routes/2: routes \"GET /{a}\" and \"GET /{b}\" match the same requests",
	} {
		p := new(Policy)
		if err := json.Unmarshal([]byte(text), p); err != nil {
			t.Fatal(err)
		}
		wantFault(t, text, p.validate(app), want)
	}
}

func TestJSONGateThatProxiesAskIsCheckedLikeACaddyfile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"trusted":["10.0.0.0/8","proxy"]}`:      "trusted/1: \"proxy\" is neither an address nor a block",
		`{"trusted":["10.0.0.0/8","10.0.0.0/8"]}`: "trusted/1: 10.0.0.0/8 is given twice",
		`{"target":"original"}`:                   "target: unknown target \"original\"; known: forwarded, request",
		`{"deny_status":401}`:                     "deny_status: deny_status is 401; it can be 403",
		`{"routes":[{"pattern":"/a"}]}`:           "routes/0: route /a names no method",
		`{"mode":"observe","errors":"xml"}`:       "errors: unknown errors \"xml\"",
	} {
		v := new(Verify)
		if err := caddy.StrictUnmarshalJSON([]byte(text), v); err != nil {
			t.Fatal(err)
		}
		wantFault(t, text, v.validate(&Config{}), want)
	}
}

func wantFault(t *testing.T, text string, err error, want string) {
	t.Helper()
	if _, is := errors.AsType[*fault](err); !is || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
	}
}

// TestWhatPassesAsACaddyfilePassesAsJSON: the defaults that a start fills in
// don't make a sound configuration fail.
func TestWhatPassesAsACaddyfilePassesAsJSON(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*[^r].caddyfiletest")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), "cases", err)
	}
	for _, file := range files {
		text, _ := readCase(t, file)
		app, gates, asked := partsOf(t, text)
		app.setDefaults()
		if err := app.validate(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, gate := range gates {
			gate.setDefaults()
			if err := gate.validate(app); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		for _, gate := range asked {
			gate.setDefaults()
			if err := gate.validate(app); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// partsOf adapts a Caddyfile and finds the app and the gates in the JSON.
func partsOf(t *testing.T, text string) (*Config, []*Policy, []*Verify) {
	t.Helper()
	doc, err := adaptText(text)
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Apps struct {
			Keystile Config          `json:"keystile"`
			HTTP     json.RawMessage `json:"http"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(doc, &tree); err != nil {
		t.Fatal(err)
	}
	var http any
	if len(tree.Apps.HTTP) > 0 {
		if err := json.Unmarshal(tree.Apps.HTTP, &http); err != nil {
			t.Fatal(err)
		}
	}
	return &tree.Apps.Keystile, handlersIn[Policy](t, "keystile", http), handlersIn[Verify](t, "keystile_verify", http)
}

func handlersIn[T any](t *testing.T, name string, node any) []*T {
	t.Helper()
	var found []*T
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			found = append(found, handlersIn[T](t, name, child)...)
		}
	case map[string]any:
		if node["handler"] == name {
			return []*T{throughJSON[T](t, node)}
		}
		for _, child := range node {
			found = append(found, handlersIn[T](t, name, child)...)
		}
	}
	return found
}

func TestAppWithoutOptionsHasItsDefaults(t *testing.T) {
	t.Parallel()
	c := &Config{Prefixes: map[string]string{"live": "bs_"}}
	c.setDefaults()
	if c.Prefixes["live"] != "bs_" || c.Prefixes["test"] != "ks_test_" {
		t.Error("prefixes:", c.Prefixes)
	}
	if time.Duration(c.MaxStaleness) != 10*time.Second || time.Duration(c.Usage.FlushInterval) != time.Second || c.CacheSize != 250_000 {
		t.Error("figures:", c.MaxStaleness, c.Usage.FlushInterval, c.CacheSize)
	}
}

func TestAppWithoutStoreAndLimiterLoadsSQLiteAndTheLocalLimiter(t *testing.T) {
	t.Parallel()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	c := new(Config)
	c.setDefaults()
	store, err := ctx.LoadModule(c, "StoreRaw")
	if err != nil {
		t.Fatal(err)
	}
	limiter, err := ctx.LoadModule(c, "LimiterRaw")
	if err != nil {
		t.Fatal(err)
	}
	want := "sqlite:" + filepath.Join(caddy.AppDataDir(), "keystile", "keys.db")
	if got := store.(StoreModule).Key(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, is := limiter.(LimiterModule); !is {
		t.Errorf("%T is no limiter module", limiter)
	}
}

func TestGateRefusesWhatNoRouteListsAsSoonAsOneStands(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]*Policy{
		"allow": {},
		"deny":  {Routes: []Route{{Methods: []string{"GET"}, Pattern: "/a"}}},
	} {
		p.setDefaults()
		if p.Default != want {
			t.Errorf("%d routes: got %s, want %s", len(p.Routes), p.Default, want)
		}
	}
}

func TestEveryNameOfAPlaceholderIsReplacedByCaddy(t *testing.T) {
	t.Parallel()
	for _, name := range shorthands {
		if short := "{" + name + "}"; expand(short) == short || shorthandOf(expand(short)) != short {
			t.Errorf("%s becomes %s", short, expand(short))
		}
	}
	for _, name := range []string{"{id}", "{project}", "{name}", "{workspace}"} {
		if expand(name) != name {
			t.Errorf("%s becomes %s", name, expand(name))
		}
	}
}
