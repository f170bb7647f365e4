package caddymodule

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// inCaddy are our commands as another build of Caddy has them.
func inCaddy() *cobra.Command {
	root, group := &cobra.Command{Use: "caddy"}, &cobra.Command{Use: appName}
	caddycmd.Commands()[appName].CobraFunc(group)
	root.AddCommand(group)
	return group
}

func TestExamplesNameCommandsAsTheyAreCalledInThisBuild(t *testing.T) {
	t.Parallel()
	examples := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			examples++
			_, piped, isPipe := strings.Cut(line, " | ")
			if isPipe {
				line = "  " + piped
			}
			if !strings.HasPrefix(line, "  caddy keystile ") {
				t.Errorf("%s: %q", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	if look(inCaddy()); examples == 0 {
		t.Error("there are no examples")
	}
}

func TestQuickstartNamesCommandsAsTheyAreCalledInThisBuild(t *testing.T) {
	t.Parallel()
	secret := "a secret"
	for caller, made := range map[string]*quickstartAnswer{
		"keystile":       {Keys: []quickstartKey{{Environment: "live", Secret: &secret}, {Environment: "test", Secret: &secret}}},
		"caddy keystile": {Keys: []quickstartKey{{Environment: "live"}, {Environment: "test"}}},
	} {
		var out bytes.Buffer
		q := &quickstart{out: &out, caller: caller}
		if err := q.print(made, &quickstartSite{file: "Caddyfile"}); err != nil {
			t.Fatal(err)
		}
		told := strings.Count(out.String(), " keys create")
		if told == 0 || told != strings.Count(out.String(), " "+caller+" keys create") {
			t.Errorf("called by %s, it says:\n%s", caller, &out)
		}
	}
}

func TestHelpBeginsWithWhatKeystileIsAndItsOwnCommands(t *testing.T) {
	t.Parallel()
	text := longDescription(commands())
	if !strings.HasPrefix(text, "Keystile is a gate for API keys") {
		t.Errorf("it begins with %.60q", text)
	}
	for _, c := range []string{"quickstart", "keys", "tokens", "workspaces", "projects", "import"} {
		if !strings.Contains(text, "  keystile "+c+" ") {
			t.Errorf("%s is missing:\n%s", c, text)
		}
	}
}

func TestVersionIsOurModulesInEachKindOfBuild(t *testing.T) {
	t.Parallel()
	caddy := debug.Module{Path: "caddy", Version: "v1"}
	ours := func(version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: modulePath, Version: version, Replace: replace}
	}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"our own binary":            {debug.BuildInfo{Main: *ours("v1.2.3", nil), Deps: []*debug.Module{&caddy}}, "v1.2.3"},
		"from a folder":             {debug.BuildInfo{Main: *ours("(devel)", nil)}, "(devel)"},
		"without any version":       {debug.BuildInfo{Main: *ours("", nil)}, "(devel)"},
		"in a build of Caddy":       {debug.BuildInfo{Main: caddy, Deps: []*debug.Module{&caddy, ours("v1.2.3", nil)}}, "v1.2.3"},
		"replaced by a folder":      {debug.BuildInfo{Main: caddy, Deps: []*debug.Module{ours("v0.0.0", &debug.Module{Path: "/src"})}}, "(devel)"},
		"replaced by another one":   {debug.BuildInfo{Main: caddy, Deps: []*debug.Module{ours("v1.0.0", &debug.Module{Path: "fork", Version: "v1.1.0"})}}, "v1.1.0"},
		"without Keystile in sight": {debug.BuildInfo{Main: caddy}, "unknown"},
	} {
		if got := versionIn(&c.info); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestACommandThatIsNotThereIsOneLineWithWhatMayBeMeant(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"key list":     `keystile has no command "key" (did you mean keys?); see keystile --help`,
		"wrokspaces":   `keystile has no command "wrokspaces" (did you mean workspaces?); see keystile --help`,
		"frobnicate x": `keystile has no command "frobnicate"; see keystile --help`,
		"keys list":    "", "run --config x": "", "help": "", "--version": "", "completion bash": "", "__complete k": "", "": "",
	} {
		got := ""
		if _, wrong := unknownCommand(strings.Fields(line)); wrong != nil {
			got = wrong.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if got, want := noCommand(inCaddy(), "key").Error(), `keystile has no command "key" (did you mean keys?); see caddy keystile --help`; got != want {
		t.Errorf("in another build of Caddy: %q, want %q", got, want)
	}
}
