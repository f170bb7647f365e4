package caddymodule

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/keystile/keystile/internal/policy"
)

// FuzzOptions reads any text as the options of the app and of a gate. Nothing
// panics, and what is taken is taken as JSON, too, and compiles.
func FuzzOptions(f *testing.F) {
	files, err := filepath.Glob("testdata/*.caddyfiletest")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, _ := readCase(f, file)
		app, gate := splitCase(text)
		f.Add(app, gate)
	}
	f.Add("", "{\n\ttrusted 127.0.0.1 10.0.0.0/8\n\ttarget request\n\tdeny_status 403\n\troute GET /a b\n}")
	f.Fuzz(func(t *testing.T, app, gate string) {
		c, err := readApp(directive(t, app))
		if err != nil {
			c = new(Config)
		}
		c = throughJSON[Config](t, c)
		if err := c.validate(); err != nil {
			t.Fatalf("the Caddyfile passes, its JSON doesn't: %v", err)
		}
		if v, err := readVerify(directive(t, gate), c); err == nil {
			v = throughJSON[Verify](t, v)
			v.setDefaults()
			if err := v.validate(c); err != nil {
				t.Fatalf("the Caddyfile passes, its JSON doesn't: %v", err)
			}
		}
		p, err := readGate(directive(t, gate), c)
		if err != nil {
			return
		}
		p = throughJSON[Policy](t, p)
		c.setDefaults()
		p.setDefaults()
		if err := p.validate(c); err != nil {
			t.Fatalf("the Caddyfile passes, its JSON doesn't: %v", err)
		}
		wantCompiles(t, c, p)
	})
}

// splitCase finds the blocks of options in a case, as seeds.
func splitCase(text string) (app, gate string) {
	before, after, found := strings.Cut(text, "\n}\n\n")
	if !found {
		before, after = "", text
	}
	_, app, _ = strings.Cut(before, "keystile")
	_, gate, _ = strings.Cut(after, "keystile")
	gate, _, _ = strings.Cut(gate, "\n\treverse_proxy")
	return app, gate
}

// directive is a dispenser on the name before some tokens.
func directive(t *testing.T, text string) *caddyfile.Dispenser {
	t.Helper()
	tokens, err := caddyfile.Tokenize([]byte("keystile "+text), "Caddyfile")
	if err != nil {
		t.Skip("Caddy can't read this")
	}
	d := caddyfile.NewDispenser(tokens)
	d.Next()
	return d
}

func throughJSON[T any](t *testing.T, from any) *T {
	t.Helper()
	text, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	to := new(T)
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
	return to
}

// wantCompiles does what a start does with a configuration that passed.
func wantCompiles(t *testing.T, c *Config, p *Policy) {
	t.Helper()
	if _, err := c.format(); err != nil {
		t.Error(err)
	}
	if _, err := c.limits(); err != nil {
		t.Error(err)
	}
	var routes []*policy.Route
	for i := range p.Routes {
		r, err := p.Routes[i].compile(p.JWT)
		if err != nil {
			t.Error(err)
		}
		routes = append(routes, r)
	}
	if _, err := policy.NewTable(routes); err != nil {
		t.Error(err)
	}
}
