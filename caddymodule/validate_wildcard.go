package caddymodule

import (
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/keystile/keystile/internal/policy"
)

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

var shorthandReplacer = httpcaddyfile.NewShorthandReplacer()

// shorthands are Caddy's names for placeholders in a Caddyfile that could be
// the name of a wildcard, too.
var shorthands = []string{
	"host", "hostport", "port", "orig_method", "orig_uri", "orig_path", "orig_dir", "orig_file", "orig_query",
	"method", "uri", "path", "dir", "file", "query", "remote", "remote_host", "remote_port", "scheme", "uuid",
	"tls_cipher", "tls_version", "tls_client_fingerprint", "tls_client_issuer", "tls_client_serial",
	"tls_client_subject", "tls_client_certificate_pem", "tls_client_certificate_der_base64",
	"upstream_hostport", "client_ip",
}

// checkOwnPlaceholders refuses wildcards with a name that Caddy replaces when
// it reads a Caddyfile: there, the pattern arrives with the placeholder that
// the name is short for.
func checkOwnPlaceholders(path, pattern string) error {
	for _, found := range braces.FindAllString(pattern, -1) {
		short := found
		if strings.Contains(found, ".") {
			short = shorthandOf(found)
		} else if expand(found) == found {
			continue
		}
		return faultf(path, "%s in a route's pattern is Caddy's own placeholder, not a wildcard: give the wildcard another name", short)
	}
	return nil
}

// expand does to a token what Caddy does to those of a site.
func expand(text string) string {
	segment := caddyfile.Segment{{Text: text}}
	shorthandReplacer.ApplyToSegment(&segment)
	return segment[0].Text
}

// shorthandOf is what somebody wrote to get a placeholder.
func shorthandOf(placeholder string) string {
	for _, name := range shorthands {
		if expand("{"+name+"}") == placeholder {
			return "{" + name + "}"
		}
	}
	return placeholder
}

// checkProject takes a wildcard of the route's pattern, or text in which any
// placeholder is one of Caddy's: those have a dot in their name.
func checkProject(path, project string, r *policy.Route) error {
	for _, found := range braces.FindAllStringSubmatch(project, -1) {
		placeholder, name := found[0], found[1]
		switch {
		case strings.Contains(name, "."):
		case !slices.Contains(r.Params(), name):
			return faultf(path, "project %s: %s is neither a wildcard of %s nor a placeholder of Caddy's", project, placeholder, r.Pattern)
		case project != placeholder:
			return faultf(path, "project %s: the wildcard %s stands alone", project, placeholder)
		}
	}
	if rest := braces.ReplaceAllString(project, ""); strings.ContainsAny(rest, "{}") {
		return faultf(path, "project %s: a brace has no counterpart", project)
	}
	return nil
}
