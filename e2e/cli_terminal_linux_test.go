package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDeletingAsksWhoeverSitsAtTheTerminal(t *testing.T) {
	g := setup(t, options{})
	k := g.key()
	args := slices.Concat(g.program.manage, []string{"keys", "delete", k.ID, "--config", g.config})
	for _, row := range []struct {
		typed  string
		status int
		left   int
	}{{"n\n", 1, 0}, {"\n", 1, 0}, {"y\n", 0, 1}} {
		term := newTerminal(t, 80)
		if err := term.typeIn(row.typed); err != nil {
			t.Fatal(err)
		}
		done := g.runAs(term.use, args...)
		gone := g.cli("keys", "show", k.ID).status
		if done.status != row.status || gone != row.left || !strings.Contains(term.text(), "Delete "+k.ID) {
			t.Errorf("typed %q: exit status %d, and showing it %d:\n%s", row.typed, done.status, gone, term.text())
		}
	}
	term := newTerminal(t, 80)
	nobodys := slices.Concat(g.program.manage, []string{"keys", "delete", k.ID, "--config", g.config})
	if done := g.runAs(term.use, nobodys...); done.status != 1 || strings.Contains(term.text(), "[y/N]") {
		t.Errorf("asked about what isn't there: %s", term.text())
	}
}

func TestTablesAreAsWideAsTheTerminal(t *testing.T) {
	g := setup(t, options{})
	long := strings.Repeat("long name ", 9)
	var made key
	g.must(&made, "keys", "create", long)
	args := slices.Concat(g.program.manage, []string{"keys", "list", "--config", g.config})
	for _, columns := range []uint16{60, 80, 132} {
		term := newTerminal(t, columns)
		done := g.runAs(term.use, args...)
		eventually(t, commandWithin, "the list is shown", func() bool { return strings.Contains(term.text(), made.ID) })
		for line := range strings.Lines(term.text()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\r\n")); n > int(columns) || done.status != 0 {
				t.Errorf("%d columns on a terminal of %d: %s", n, columns, line)
			}
		}
	}
	if piped := g.runAs(func(*exec.Cmd) {}, args...); !strings.Contains(piped.out, strings.TrimSpace(long)) {
		t.Errorf("cut short in a pipe: %s", piped.out)
	}
}
