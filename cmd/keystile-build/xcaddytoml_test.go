package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

const root = "../.."

// required reads go.mod: the module's own path, and the version of every
// module that it requires.
func required(t *testing.T) (module string, versions map[string]string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", root+"/go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Module  struct{ Path string }
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	versions = map[string]string{}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	return mod.Module.Path, versions
}

func TestOurBuildIsTrueToGoMod(t *testing.T) {
	t.Parallel()
	c, err := readConfig(root + "/xcaddy.toml")
	if err != nil {
		t.Fatal(err)
	}
	module, versions := required(t)
	if want := versions["github.com/caddyserver/caddy/v2"]; c.Caddy != want {
		t.Errorf("xcaddy.toml builds Caddy %s, and go.mod requires %s", c.Caddy, want)
	}
	ours := false
	for _, p := range c.Plugins {
		if p.Module == module {
			ours = p.Replace == "." && p.Version == "v0.0.0"
			continue
		}
		if want := versions[p.Module]; want != "" && p.Version != want {
			t.Errorf("xcaddy.toml builds %s %s in, and go.mod requires %s", p.Module, p.Version, want)
		}
	}
	if !ours {
		t.Errorf("xcaddy.toml doesn't build this checkout in: it needs %s v0.0.0, replaced by .", module)
	}
}

func TestOurBuildIsStaticAndOutOfTheWay(t *testing.T) {
	t.Parallel()
	c, err := readConfig(root + "/xcaddy.toml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Env["CGO_ENABLED"] != "0" {
		t.Error("the build needs a C compiler: xcaddy.toml must say CGO_ENABLED = \"0\"")
	}
	if !strings.HasPrefix(c.Output, "bin/") {
		t.Errorf("git doesn't ignore the binary at %s", c.Output)
	}
}
