package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/xcaddy"
	"github.com/google/go-cmp/cmp"
)

func TestBuildIsTheOneThatTheFileDescribes(t *testing.T) {
	t.Parallel()
	f := setup(t, good)
	if status := f.run("-config", f.config); status != 0 || f.stderr.Len() > 0 {
		t.Fatalf("status %d: %s", status, f.stderr.String())
	}
	want := xcaddy.Builder{
		Compile:      xcaddy.Compile{Cgo: true},
		CaddyVersion: "v2.0.1",
		Plugins: []xcaddy.Dependency{
			{PackagePath: "example.com/here", Version: "v0.0.0"},
			{PackagePath: "example.com/there", Version: "v1.2.3"},
		},
		Replacements: []xcaddy.Replace{xcaddy.NewReplace("example.com/here@v0.0.0", f.dir)},
		BuildFlags:   `'-trimpath' '-ldflags=-s -w'`,
	}
	if diff := cmp.Diff(want, f.builder); diff != "" {
		t.Errorf("builder (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"CGO_ENABLED": "1", "GOAMD64": "v2"}, f.env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if want := filepath.Join(f.dir, "bin", "caddy"); f.output != want {
		t.Errorf("output is %s, want %s", f.output, want)
	}
}

func TestOutputCanBeNamed(t *testing.T) {
	t.Parallel()
	f := setup(t, good)
	if status := f.run("-o", "here/caddy", "-config", f.config); status != 0 || f.output != "here/caddy" {
		t.Errorf("status %d, output %s", status, f.output)
	}
}

func TestAbsolutePathsAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	f := setup(t, strings.NewReplacer(`"bin/caddy"`, `"/srv/caddy"`, `"."`, `"/srv/keystile"`).Replace(good))
	if status := f.run("-config", f.config); status != 0 || f.output != "/srv/caddy" {
		t.Errorf("status %d, output %s", status, f.output)
	}
	if got := f.builder.Replacements[0].New.String(); got != "/srv/keystile" {
		t.Errorf("the replacement is %s", got)
	}
}

func TestBadUsageIsOneLineAndStatus2(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-x"}, {"-o"}, {"build"}, {"-config", "xcaddy.toml", "more"}} {
		f := setup(t, good)
		status := f.run(args...)
		if status != 2 || strings.Count(f.stderr.String(), "\n") != 1 || !strings.Contains(f.stderr.String(), usage) || f.built > 0 {
			t.Errorf("%q: status %d, %d builds: %s", args, status, f.built, f.stderr.String())
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	t.Parallel()
	f := setup(t, good)
	if status := f.run("-h"); status != 0 || f.stdout.String() != usage+"\n" || f.stderr.Len() > 0 || f.built > 0 {
		t.Errorf("status %d: %s%s", status, f.stdout.String(), f.stderr.String())
	}
}

func TestFailedBuildIsOneLineAndStatus1(t *testing.T) {
	t.Parallel()
	f := setup(t, good)
	f.fails = errors.New("exit status 1")
	status := f.run("-o", "caddy", "-config", f.config)
	if got := f.stderr.String(); status != 1 || got != "keystile-build: build caddy: exit status 1\n" {
		t.Errorf("status %d: %s", status, got)
	}
}

func TestDescriptionThatIsNotThereIsSaidByName(t *testing.T) {
	t.Parallel()
	f := setup(t, good)
	status := f.run("-config", f.config+".not")
	if got := f.stderr.String(); status != 1 || !strings.Contains(got, f.config+".not") || strings.Count(got, "\n") != 1 {
		t.Errorf("status %d: %s", status, got)
	}
}
