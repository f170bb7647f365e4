package archtest

import (
	"go/ast"
	"strings"
)

// thirdParties says which packages may import what isn't ours: by the start of
// the import path, the folders (and all below them). None means tests only.
var thirdParties = map[string][]string{
	// Caddy, and what comes with it.
	"github.com/caddyserver/caddy/v2":     {"caddymodule", "cmd"},
	"github.com/caddyserver/xcaddy":       {"cmd/keystile-build"},
	"github.com/prometheus/client_golang": {"caddymodule"},
	"github.com/spf13/cobra":              {"caddymodule", "cmd", "internal/cli"},
	"go.opentelemetry.io/otel":            {"caddymodule"},
	"go.opentelemetry.io/otel/trace":      {"caddymodule"},
	"go.uber.org/zap":                     {"caddymodule", "cmd", "internal/engine", "internal/gateway", "internal/usage"},

	// Drivers: leaves only, so that a build without one is possible.
	"github.com/jackc/pgx/v5":      {"internal/storage/postgres", "caddymodule/postgresstore"},
	"github.com/redis/go-redis/v9": {"internal/limit/redis", "caddymodule/redislimiter"},
	"modernc.org/sqlite":           {"internal/storage/sqlite", "caddymodule/sqlitestore"},
	"github.com/pressly/goose/v3":  {"internal/storage/sqlcore", "internal/storage/sqlite", "internal/storage/postgres"},

	"github.com/danielgtaylor/huma/v2":          {"internal/api"},
	"github.com/google/uuid":                    {"caddymodule", "internal/api", "internal/engine", "internal/manage", "internal/storage", "internal/usage"},
	"github.com/pelletier/go-toml/v2":           {"cmd/keystile-build"},
	"github.com/chromedp/cdproto":               nil,
	"github.com/chromedp/chromedp":              nil,
	"github.com/coder/websocket":                nil,
	"github.com/google/go-cmp":                  nil,
	"github.com/mccutchen/go-httpbin/v2":        nil,
	"github.com/pb33f/libopenapi":               nil,
	"github.com/pb33f/libopenapi-validator":     nil,
	"go.uber.org/goleak":                        nil,
	"testing":                                   nil,
	"net/http/httptest":                         nil,
	"github.com/caddyserver/caddy/v2/caddytest": nil,
}

func thirdPartyRule(table map[string][]string) rule {
	return rule{"what isn't ours stays where thirdParties lets it in", func(t *tree) (found []finding) {
		for _, f := range t.files {
			for _, spec := range f.ast.Imports {
				if _, ours := t.ours(importPath(spec)); !ours {
					found = append(found, f.strayImport(spec, table)...)
				}
			}
		}
		return found
	}}
}

func (f *file) strayImport(spec *ast.ImportSpec, table map[string][]string) []finding {
	from := importPath(spec)
	dirs, listed := whoMayImport(from, table)
	switch host, _, _ := strings.Cut(from, "/"); {
	case !listed && strings.Contains(host, "."):
		return []finding{f.found(spec.Pos(), "%s is a new dependency: do without it, or say in docs/dependencies.md why not, and in thirdParties (internal/archtest/thirdparty.go) who may import it", from)}
	case listed && f.production() && !under(f.dir, dirs...):
		return []finding{f.found(spec.Pos(), "%s must not import %s, which is for %s: reach it through a package that may", f.dir, from, orTests(dirs))}
	}
	return nil
}

// whoMayImport finds the longest entry that an import path is, or is below.
func whoMayImport(from string, table map[string][]string) (dirs []string, listed bool) {
	longest := ""
	for entry := range table {
		if under(from, entry) && len(entry) > len(longest) {
			longest, listed = entry, true
		}
	}
	return table[longest], listed
}

func orTests(dirs []string) string {
	if len(dirs) == 0 {
		return "tests only"
	}
	return strings.Join(dirs, ", ")
}

var supportRule = rule{"nothing but tests imports *test packages", checkSupport}

func checkSupport(t *tree) (found []finding) {
	for _, f := range t.files {
		if !f.production() {
			continue
		}
		for _, spec := range f.ast.Imports {
			if to, ours := t.ours(importPath(spec)); ours && supportPackage(to) {
				found = append(found, f.found(spec.Pos(), "%s is for tests: move what is needed of it into a package of its own", to))
			}
		}
	}
	return found
}
