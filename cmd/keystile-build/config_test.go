package main

import (
	"strings"
	"testing"
)

func TestDescriptionThatIsWrongIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ old, new, want string }{
		"unknown field":           {`output =`, `outptu =`, `:2: unknown field "outptu"`},
		"unknown field of plugin": {`replace =`, `replaced =`, `:12: unknown field "plugin.replaced"`},
		"unknown table":           {"[env]", "[environment]", `:5: unknown field "environment"`},
		"another type":            {`"v2.0.1"`, `2`, `:1: toml: `},
		"no list":                 {`["-trimpath", "-ldflags=-s -w"]`, `"-trimpath"`, `:3: toml: `},
		"no TOML":                 {`[env]`, `[env`, `:5: toml: `},
		"given twice":             {`output = "bin/caddy"`, `caddy = "v2.0.2"`, `:2: toml: `},
		"no Caddy":                {`caddy = "v2.0.1"`, ``, `: caddy says no version`},
		"no output":               {`output = "bin/caddy"`, ``, `: output names no file`},
		"plugin without module":   {`module = "example.com/there"`, ``, `: plugin 2 names no module`},
		"plugin without version":  {`version = "v1.2.3"`, ``, `: plugin example.com/there says no version`},
		"flag with a quote":       {`"-trimpath"`, `"-X=it's"`, `: the flag -X=it's holds a single quote, which xcaddy can't be given`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, tt.old) {
				t.Fatalf("the good description has no %q", tt.old)
			}
			f := setup(t, strings.Replace(good, tt.old, tt.new, 1))
			status := f.run("-config", f.config)
			got := f.stderr.String()
			if status != 1 || f.built > 0 || strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "keystile-build: "+f.config+tt.want) {
				t.Errorf("status %d: %s", status, got)
			}
		})
	}
}

func TestDescriptionWithoutAPluginIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t, "caddy = \"v2.0.1\"\noutput = \"caddy\"\n")
	if status := f.run("-config", f.config); status != 1 || !strings.Contains(f.stderr.String(), "there is no plugin") {
		t.Errorf("status %d: %s", status, f.stderr.String())
	}
}

func FuzzParseConfigSaysWhatIsWrong(f *testing.F) {
	for _, seed := range []string{good, "", "caddy", "[[plugin]]", "flags = [[]]", "env = 1", "a.b.c = 1", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseConfig(strings.NewReader(text))
		if err == nil {
			if _, err := c.builder(); err != nil || c.validate() != nil {
				t.Errorf("accepted, and can't be built: %q", text)
			}
			return
		}
		if got := err.Error(); got[0] != ' ' && (got[0] < '1' || got[0] > '9') || strings.Contains(got, "\n") {
			t.Errorf("the error isn't one line that tells line or fault: %q", got)
		}
	})
}
