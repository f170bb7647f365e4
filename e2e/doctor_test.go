package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// examined are the checks of a doctor: how each went, by its name.
func (g *gate) examined(config string, flags ...string) (checks map[string]string, done command) {
	g.t.Helper()
	done = g.run(slices.Concat(g.program.manage, []string{"doctor", "--json", "--config", config}, flags)...)
	var doc struct {
		Checks []struct{ Check, Status, Found, Advice string }
	}
	if err := json.Unmarshal([]byte(done.out), &doc); err != nil {
		g.t.Fatalf("%+v: %v", done, err)
	}
	checks = map[string]string{}
	for _, c := range doc.Checks {
		checks[c.Check] = c.Status
		if c.Found == "" || (c.Advice == "") != (c.Status == "ok") || strings.Contains(c.Found+c.Advice, "\n") {
			g.t.Errorf("told as %+v", c)
		}
	}
	return checks, done
}

// ill are configurations with one fault each, by the check that finds it and
// how bad it is. $STORE is a store that is there.
var ill = map[string][]string{
	"gates warn":      {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile {\n  mode observe\n }\n}"},
	"store fail":      {"{\n admin off\n keystile {\n  store sqlite $STORE.nowhere\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"pepper warn":     {"{\n admin off\n keystile {\n  store sqlite $STORE\n  pepper short\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"limiter fail":    {"{\n admin off\n keystile {\n  store sqlite $STORE\n  limiter redis redis://u:hushed-word@127.0.0.1:1\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"admin fail":      {"{\n admin :2019\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"admin  fail":     {"{\n admin 0.0.0.0:2019\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"api warn":        {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile\n}\nhttp://admin.example.com {\n keystile_admin\n}"},
	"api  warn":       {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile\n}\nhttp://:2 {\n keystile_admin\n}"},
	"logs warn":       {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n log {\n  format json\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
	"logs  warn":      {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n log {\n  format keystile\n }\n}", "http://127.0.0.1:1 {\n keystile\n log {\n  output file access.log\n }\n}"},
	"routes warn":     {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile /api/*\n reverse_proxy 127.0.0.1:3\n}"},
	"routes  warn":    {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n handle /files/* {\n  file_server\n }\n handle {\n  keystile\n  reverse_proxy 127.0.0.1:3\n }\n}"},
	"routes     warn": {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile /api/*\n reverse_proxy /other/* 127.0.0.1:3\n}"},
	"routes   ok":     {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n handle /api/* {\n  keystile\n  reverse_proxy 127.0.0.1:3\n }\n handle {\n  respond hello\n }\n}\nhttp://127.0.0.1:4 {\n file_server\n}"},
	"routes    ok":    {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile /api/*\n reverse_proxy /api/* 127.0.0.1:3\n}"},
	"gateways   ok":   {"{\n admin off\n keystile {\n  store sqlite $STORE\n }\n}", "http://127.0.0.1:1 {\n keystile\n}"},
}

const maskedLog = "\n log {\n  format keystile\n }\n"

// TestADoctorFindsEachFaultAndNothingElse examines a healthy configuration, and
// one with each fault.
func TestADoctorFindsEachFaultAndNothingElse(t *testing.T) {
	t.Parallel()
	g := setup(t, options{driver: "sqlite", limiter: "local", global: "log {\n format keystile\n}"})
	checks, done := g.examined(g.config)
	for _, name := range []string{"gates", "store", "migrations", "keys", "clock", "gateways", "plans", "limiter", "pepper", "routes", "admin", "api", "logs", "disk"} {
		if checks[name] != "ok" && name != "disk" {
			t.Errorf("a healthy gate's %s: %q\n%s", name, checks[name], done.out)
		}
	}
	if done.status != 0 || done.err != "" {
		t.Errorf("a healthy gate: %+v", done)
	}
	for what, text := range ill {
		name, want := strings.Fields(what)[0], strings.Fields(what)[1]
		global := text[0]
		if !strings.Contains(global, "log {") {
			global = strings.Replace(global, "\n admin", maskedLog+" admin", 1)
		}
		file := filepath.Join(g.dir, strings.ReplaceAll(what, " ", "_")+".caddyfile")
		config := strings.ReplaceAll(global+"\n"+text[1]+"\n", "$STORE", g.db)
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		checks, done := g.examined(file)
		for check, status := range checks {
			switch {
			case check == name && status != want, check != name && check != "disk" && status != "ok":
				t.Errorf("%s: %s is %s\n%s", what, check, status, done.out)
			}
		}
		if failed := want == "fail"; failed != (done.status == 1) || strings.Contains(done.out+done.err, "hushed-word") {
			t.Errorf("%s: status %d, %s", what, done.status, done.err)
		}
	}
}

func TestADoctorFindsKeysOfAPepperThatWasDropped(t *testing.T) {
	t.Parallel()
	const first, second = "pepper 0123456789abcdef0123456789abcdef", "pepper fedcba9876543210fedcba9876543210"
	g := setup(t, options{driver: "sqlite", limiter: "local", app: first, global: "log {\n format keystile\n}"})
	g.key()
	g.options.app = second + strings.TrimPrefix(first, "pepper")
	g.reload(g.caddyfile())
	g.key()
	if checks, done := g.examined(g.config); checks["keys"] != "ok" {
		t.Errorf("with both peppers: %s", done.out)
	}
	g.options.app = second
	g.write(g.caddyfile())
	if checks, done := g.examined(g.config); checks["keys"] != "warn" || done.status != 0 {
		t.Errorf("without the first: %+v", done)
	}
}

func TestADoctorChangesNothing(t *testing.T) {
	t.Parallel()
	g := setup(t, options{driver: "sqlite", limiter: "local", global: "log {\n format keystile\n}"})
	g.stop()
	before, err := os.ReadFile(g.db)
	if err != nil {
		t.Fatal(err)
	}
	g.examined(g.config)
	after, err := os.ReadFile(g.db)
	if err != nil || string(before) != string(after) {
		t.Errorf("the store was changed, %v", err)
	}
	if done := g.run(slices.Concat(g.program.manage, []string{"doctor", "--api", "http://127.0.0.1:1", "--token", "x"})...); done.status != 2 {
		t.Errorf("over the API: %+v", done)
	}
}
