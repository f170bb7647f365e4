package e2e

import (
	"regexp"
	"strings"
	"testing"
)

func TestVersionNamesKeystileAndCaddy(t *testing.T) {
	t.Parallel()
	g := prepare(t, options{})
	line := regexp.MustCompile(`^Keystile \S+, Caddy v2\.\d+\.\d+[^\n]*\n$`)
	for _, arg := range []string{"version", "--version"} {
		if done := g.run(arg); done.status != 0 || !line.MatchString(done.out) || done.err != "" {
			t.Errorf("%s: exit status %d, %q, %q", arg, done.status, done.out, done.err)
		}
	}
}

func TestHelpShowsKeystileBeforeCaddy(t *testing.T) {
	t.Parallel()
	g := prepare(t, options{})
	for _, args := range [][]string{{"--help"}, {"help"}, nil} {
		done := g.run(args...)
		ours, caddys := strings.Index(done.out, "keystile quickstart"), strings.Index(done.out, "caddy")
		if done.status != 0 || !strings.HasPrefix(done.out, "Keystile is") || ours < 0 || caddys < ours {
			t.Errorf("%v: exit status %d:\n%s", args, done.status, done.out)
		}
	}
}
