package caddymodule

import (
	"runtime/debug"

	"github.com/caddyserver/caddy/v2"
)

const (
	modulePath = "github.com/keystile/keystile"
	// unreleased is how Go names what was built from a folder.
	unreleased = "(devel)"
)

// versions names what this binary is made of, in one line.
func versions() string {
	_, of := caddy.Version()
	return "Keystile " + version() + ", Caddy " + of
}

// version is Keystile's own.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionIn(info)
}

// versionIn finds our module: it is the main one of our own binary, and a
// dependency of every other.
func versionIn(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Version == "" {
			return unreleased
		}
		return m.Version
	}
	return "unknown"
}
