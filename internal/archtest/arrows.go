package archtest

import (
	"slices"
	"strings"
)

// layers are the floors of the house, lowest first: imports point down, or
// along a floor where arrows says so.
var layers = [][]string{
	{"internal/keys", "internal/problem", "internal/background", "internal/echo", "internal/mask"},
	{
		"internal/storage", "internal/limit", "internal/quota", "internal/policy", "internal/target", "internal/credential",
		"internal/identity", "internal/forwarded", "internal/verdict", "internal/limit/subjects", "internal/limit/local", "internal/limit/redis",
		"internal/storage/sqlcore", "internal/storage/sqlite", "internal/storage/postgres", "internal/storage/memory",
		"internal/scan",
	},
	{"internal/keycache", "internal/usage", "internal/events"},
	{"internal/engine", "internal/manage", "internal/migrate"},
	{"internal/gateway", "internal/api", "internal/client", "internal/cli", "internal/dashboard"},
	{
		"caddymodule", "caddymodule/locallimiter", "caddymodule/redislimiter", "caddymodule/sqlitestore",
		"caddymodule/postgresstore",
	},
	{".", "cmd/keystile", "cmd/keystile-attacks", "cmd/keystile-build"},
}

// arrows lists, for each package, which others of this module it may import.
// A package that isn't listed may import none.
var arrows = map[string][]string{
	"internal/keys":       {},
	"internal/problem":    {},
	"internal/background": {},
	"internal/echo":       {},
	"internal/mask":       {},

	"internal/limit":            {},
	"internal/quota":            {},
	"internal/limit/local":      {"internal/limit", "internal/limit/subjects"},
	"internal/target":           {},
	"internal/forwarded":        {},
	"internal/credential":       {"internal/keys", "internal/problem"},
	"internal/identity":         {"internal/keys"},
	"internal/policy":           {"internal/keys", "internal/limit", "internal/quota"},
	"internal/scan":             {"internal/keys"},
	"internal/verdict":          {"internal/keys", "internal/limit", "internal/policy", "internal/problem"},
	"internal/storage":          {"internal/keys"},
	"internal/storage/sqlcore":  {"internal/keys", "internal/storage"},
	"internal/storage/sqlite":   {"internal/keys", "internal/storage", "internal/storage/sqlcore"},
	"internal/storage/postgres": {"internal/keys", "internal/storage", "internal/storage/sqlcore"},
	"internal/storage/memory":   {"internal/keys", "internal/storage"},
	"internal/limit/subjects":   {},
	"internal/limit/redis":      {"internal/background", "internal/limit", "internal/limit/subjects", "internal/quota"},

	"internal/keycache": {"internal/keys", "internal/storage"},
	"internal/usage":    {"internal/background", "internal/keys", "internal/problem", "internal/storage"},
	"internal/events":   {"internal/background"},

	"internal/migrate": {"internal/storage", "internal/storage/sqlcore"},
	"internal/manage":  {"internal/keys", "internal/problem", "internal/quota", "internal/storage", "internal/verdict"},
	"internal/engine": {
		"internal/background", "internal/events", "internal/identity", "internal/keycache", "internal/keys", "internal/limit",
		"internal/problem", "internal/quota", "internal/storage", "internal/usage", "internal/verdict",
	},

	"internal/gateway": {
		"internal/credential", "internal/engine", "internal/identity", "internal/keys", "internal/limit",
		"internal/mask", "internal/policy", "internal/problem", "internal/quota", "internal/target", "internal/usage", "internal/verdict",
	},
	"internal/api":       {"internal/keys", "internal/manage", "internal/problem"},
	"internal/client":    {"internal/keys", "internal/manage", "internal/problem"},
	"internal/dashboard": {"internal/keys", "internal/manage", "internal/problem", "internal/storage"},
	"internal/cli":       {"internal/client", "internal/keys", "internal/manage", "internal/migrate", "internal/problem", "internal/scan"},

	"caddymodule": {
		"internal/api", "internal/cli", "internal/credential", "internal/dashboard", "internal/echo", "internal/engine", "internal/events", "internal/forwarded", "internal/gateway",
		"internal/identity", "internal/keys", "internal/limit", "internal/manage", "internal/mask", "internal/migrate", "internal/policy", "internal/problem",
		"internal/quota", "internal/storage", "internal/usage", "internal/verdict",
	},
	"caddymodule/locallimiter":  {"caddymodule", "internal/limit", "internal/limit/local"},
	"caddymodule/sqlitestore":   {"caddymodule", "internal/migrate", "internal/storage", "internal/storage/sqlite"},
	"caddymodule/postgresstore": {"caddymodule", "internal/migrate", "internal/storage", "internal/storage/postgres"},
	"caddymodule/redislimiter":  {"caddymodule", "internal/limit", "internal/limit/redis"},

	".": {
		"caddymodule", "caddymodule/locallimiter", "caddymodule/postgresstore", "caddymodule/redislimiter", "caddymodule/sqlitestore",
	},
	"cmd/keystile":         {".", "caddymodule", "internal/cli"},
	"cmd/keystile-attacks": {},
	"cmd/keystile-build":   {},
}

func arrowRule(arrows map[string][]string) rule {
	return rule{"imports point down, as arrows lists them", func(t *tree) (found []finding) {
		for _, f := range t.files {
			if f.production() {
				found = append(found, t.strayArrows(f, arrows)...)
			}
		}
		return found
	}}
}

func (t *tree) strayArrows(f *file, arrows map[string][]string) (found []finding) {
	allowed, listed := arrows[f.dir]
	for _, spec := range f.ast.Imports {
		to, ours := t.ours(importPath(spec))
		switch {
		case !ours || supportPackage(to) || slices.Contains(allowed, to):
		case listed:
			found = append(found, f.found(spec.Pos(), "%s must not import %s: turn the dependency round, or, if the design wants this arrow, add it to arrows (internal/archtest/arrows.go)", f.dir, to))
		default:
			found = append(found, f.found(spec.Pos(), "%s imports %s and is not listed: give it a floor in layers, and its imports in arrows (internal/archtest/arrows.go)", f.dir, to))
		}
	}
	return found
}

// ours returns the folder of an import path of this module.
func (t *tree) ours(from string) (dir string, ok bool) {
	if from == t.module {
		return ".", true
	}
	return strings.CutPrefix(from, t.module+"/")
}

// floor is the index of a package's layer; -1 where it has none.
func floor(dir string) int {
	return slices.IndexFunc(layers, func(layer []string) bool { return slices.Contains(layer, dir) })
}
