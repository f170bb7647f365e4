package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/xcaddy"
)

// builder builds a binary at output. env is set for the go command.
type builder func(ctx context.Context, b xcaddy.Builder, env map[string]string, output string) error

// build is the builder that builds.
func build(ctx context.Context, b xcaddy.Builder, env map[string]string, output string) error {
	for name, value := range env { // xcaddy hands our own environment on
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return b.Build(ctx, output)
}

// buildFrom builds what the file at path says. An output that isn't empty
// takes the place of the file's.
func buildFrom(ctx context.Context, path, output string, build builder) error {
	c, err := readConfig(path)
	if err != nil {
		return err
	}
	b, err := c.builder()
	if err != nil {
		return err
	}
	if output == "" {
		output = c.resolve(c.Output)
	}
	if err := build(ctx, b, c.Env, output); err != nil {
		return fmt.Errorf("build %s: %w", output, err)
	}
	return nil
}

// builder is the file in xcaddy's terms.
func (c *config) builder() (xcaddy.Builder, error) {
	b := xcaddy.Builder{
		CaddyVersion: c.Caddy,
		Compile:      xcaddy.Compile{Cgo: c.Env["CGO_ENABLED"] == "1"},
		BuildFlags:   quote(c.Flags),
	}
	for _, p := range c.Plugins {
		dependency := xcaddy.Dependency{PackagePath: p.Module, Version: p.Version}
		b.Plugins = append(b.Plugins, dependency)
		if p.Replace == "" {
			continue
		}
		folder, err := filepath.Abs(c.resolve(p.Replace))
		if err != nil {
			return b, fmt.Errorf("find the replacement of %s: %w", p.Module, err)
		}
		b.Replacements = append(b.Replacements, xcaddy.NewReplace(dependency.String(), folder))
	}
	return b, nil
}

// resolve reads a path of the file.
func (c *config) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.dir, path)
}

// quote joins arguments as a shell would take them apart, which is what xcaddy
// does.
func quote(args []string) string {
	quoted := make([]string, 0, len(args))
	for _, arg := range args {
		quoted = append(quoted, "'"+arg+"'")
	}
	return strings.Join(quoted, " ")
}
