package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keystile/keystile/bench/internal/report"
)

// facts say what was run, when, on what, and of which versions.
func (o *options) facts(ctx context.Context, began time.Time, binary string) []report.Fact {
	versions, toolchain := modules(binary)
	facts := []report.Fact{
		{Name: "Run", Value: fmt.Sprintf("%s, `%s` in bench/, seed %d, %s long", began.UTC().Format(time.DateTime+" MST"), o.line, o.seed, time.Since(began).Round(time.Second))},
		{Name: "Turns", Value: fmt.Sprintf("%d rounds; each process is asked for %v, and then measured for %v; %d connections", o.rounds, o.warm, o.slice, o.connections)},
		{Name: "Machine", Value: machine()},
		{Name: "Keystile", Value: words(first(ctx, "git", "-C", root, "describe", "--always", "--dirty"), "no commit is known")},
		{Name: "Caddy", Value: fmt.Sprintf("%s with caddy-ratelimit %s, built with %s",
			versions["github.com/caddyserver/caddy/v2"], versions["github.com/mholt/caddy-ratelimit"], toolchain)},
		{Name: "Others", Value: strings.Join([]string{
			words(first(ctx, "nginx", "-v"), "no nginx"), words(first(ctx, "haproxy", "-v"), "no HAProxy"),
			words(first(ctx, "postgres", "--version"), "PostgreSQL"), words(first(ctx, "redis-server", "--version"), "Redis"),
		}, "; ")},
	}
	for _, why := range o.void {
		facts = append(facts, report.Fact{Name: "A turn was void, and taken again", Value: why})
	}
	return facts
}

// first is the first line that a program prints; empty where there is no such
// program.
func first(ctx context.Context, program string, args ...string) string {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the programs are named above
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(said), "\n")
	return line
}

func words(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// modules are the versions that a binary was built with.
func modules(binary string) (versions map[string]string, toolchain string) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err.Error()
	}
	versions = map[string]string{}
	for _, dep := range info.Deps {
		versions[dep.Path] = dep.Version
	}
	return versions, info.GoVersion
}

// machine says what the kernel says of the machine.
func machine() string {
	var name unix.Utsname
	var info unix.Sysinfo_t
	if err := unix.Uname(&name); err != nil {
		return err.Error()
	}
	if err := unix.Sysinfo(&info); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, %d of %d processors used, %d GiB, %s %s", model(), min(processors, runtime.NumCPU()), runtime.NumCPU(),
		info.Totalram*uint64(info.Unit)>>30, unix.ByteSliceToString(name.Sysname[:]), unix.ByteSliceToString(name.Release[:]))
}

func model() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
