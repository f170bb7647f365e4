package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const small = "| id | what |\n|---|---|\n| DOOR-01 | a good key | 4 |\n| DOOR-02 | none | 4 |\n| ROAD-01 | two slashes |\n"

// fixture is a page, and a recorded run.
type fixture struct {
	page, recorded string
	stdout, stderr bytes.Buffer
}

func setup(t *testing.T, page, recorded string) *fixture {
	t.Helper()
	f := &fixture{page: filepath.Join(t.TempDir(), "page.md"), recorded: filepath.Join(t.TempDir(), "run.json")}
	for name, text := range map[string]string{f.page: page, f.recorded: recorded} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *fixture) run(t *testing.T, args ...string) int {
	t.Helper()
	return run(t.Context(), args, &f.stdout, &f.stderr)
}

// ran is a recorded run: lines of an action and a test.
func ran(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		action, test, _ := strings.Cut(l, " ")
		b.WriteString(`{"Action":"` + action + `","Package":"github.com/keystile/keystile/e2e","Test":"` + test + `","Output":"what ` + test + ` says\n"}` + "\n")
	}
	return b.String()
}

func TestEachIDIsToldWithWhatCameOfItsTests(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		run    string
		status int
		want   string
	}{
		"all is well": {
			ran("pass TestDOOR01Good", "pass TestBad/DOOR-02_none", "pass TestBad/DOOR-02_ROAD-01_both", "pass TestBad"), 0,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\n" +
				"DOOR-02    ok       none\n                     e2e TestBad: 2\nROAD-01    ok       two slashes\n                     e2e TestBad: 1\n" +
				"3 IDs: 3 ok, 0 FAILED, 0 not run\n",
		},
		"one test of two fails": {
			ran("pass TestDOOR01Good", "pass TestBad/DOOR-02_none", "output TestWorse/DOOR-02", "fail TestWorse/DOOR-02", "fail TestWorse", "pass TestROAD01", "fail "), 1,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\n" +
				"DOOR-02    FAILED   none\n                     e2e TestBad: 1\n                     e2e TestWorse: 1 of 1 FAILED\n" +
				"ROAD-01    ok       two slashes\n                     e2e TestROAD01: 1\n3 IDs: 2 ok, 1 FAILED, 0 not run\n",
		},
		"a function fails, and says so of no part": {
			ran("pass TestDOOR01Good", "pass TestDOOR02", "pass TestWorse/ROAD-01", "fail TestWorse", "fail "), 1,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\nDOOR-02    ok       none\n                     e2e TestDOOR02: 1\n" +
				"ROAD-01    ok       two slashes\n                     e2e TestWorse: 1\nno ID      FAILED   e2e TestWorse\n3 IDs: 3 ok, 0 FAILED, 0 not run\n",
		},
		"a package fails behind its tests": {
			ran("pass TestDOOR01Good", "pass TestDOOR02", "pass TestROAD01", "output ", "fail "), 1,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\nDOOR-02    ok       none\n                     e2e TestDOOR02: 1\n" +
				"ROAD-01    ok       two slashes\n                     e2e TestROAD01: 1\nno ID      FAILED   e2e\n3 IDs: 3 ok, 0 FAILED, 0 not run\n",
		},
		"what is skipped proves nothing": {
			ran("pass TestDOOR01Good", "skip TestDOOR02", "pass TestROAD01"), 1,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\nDOOR-02    not run  none\n                     e2e TestDOOR02: 0\n" +
				"ROAD-01    ok       two slashes\n                     e2e TestROAD01: 1\n3 IDs: 2 ok, 0 FAILED, 1 not run\n",
		},
		"a test has an ID of its own making": {
			ran("pass TestDOOR01Good", "pass TestDOOR02", "pass TestROAD01", "pass TestMore/ROAD-99"), 1,
			"DOOR-01    ok       a good key\n                     e2e TestDOOR01Good: 1\nDOOR-02    ok       none\n                     e2e TestDOOR02: 1\n" +
				"ROAD-01    ok       two slashes\n                     e2e TestROAD01: 1\nROAD-99    a test bears this ID, and no line\n3 IDs: 3 ok, 0 FAILED, 0 not run\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, small, one.run)
			if status := f.run(t, "-page", f.page, f.recorded); status != one.status || f.stdout.String() != one.want {
				t.Errorf("status %d, want %d:\n%s\nwant\n%s%s", status, one.status, f.stdout.String(), one.want, f.stderr.String())
			}
			if said := strings.Contains(f.stderr.String(), "what TestWorse"); said != strings.Contains(one.run, "TestWorse/DOOR-02") {
				t.Errorf("of what tests printed, it says %q", f.stderr.String())
			}
		})
	}
}

func TestRunsThatCannotBeReadAreOneLineAndStatus1(t *testing.T) {
	t.Parallel()
	for what, f := range map[string]*fixture{
		"invalid character":      setup(t, small, "FAIL"),
		"no line has an ID":      setup(t, "# A page\n", ""),
		"DOOR-01 stands there t": setup(t, small+"| DOOR-01 | again | 4 |\n", ""),
	} {
		status := f.run(t, "-page", f.page, f.recorded)
		if status != 1 || strings.Count(f.stderr.String(), "\n") != 1 || !strings.Contains(f.stderr.String(), what) {
			t.Errorf("status %d: %s, want %q", status, f.stderr.String(), what)
		}
	}
}

func TestBadUsageIsOneLineAndStatus2(t *testing.T) {
	t.Parallel()
	f := setup(t, small, "")
	if status := f.run(t, "-x"); status != 2 || strings.Count(f.stderr.String(), "\n") != 1 || !strings.Contains(f.stderr.String(), usage) {
		t.Errorf("status %d: %s", status, f.stderr.String())
	}
	if status := f.run(t, "-h"); status != 0 || f.stdout.String() != usage+"\n" {
		t.Errorf("status %d: %s", status, f.stdout.String())
	}
}
