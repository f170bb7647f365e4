package e2e

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// obstacle is something that makes a start impossible.
type obstacle struct {
	build  func(t *testing.T, g *gate)
	says   string // what the line on standard error names
	driver string // of the store, where it is about that one
	// creates says that a database may be there: the fault is elsewhere.
	creates bool
}

var obstacles = map[string]obstacle{
	"database that is none": {driver: "sqlite", says: "keys.db", build: func(t *testing.T, g *gate) {
		put(t, g.db, strings.Repeat("this is no database\n", 500))
	}},
	"database that is cut off": {driver: "sqlite", says: "keys.db", build: func(t *testing.T, g *gate) {
		put(t, g.db, "SQLite format 3\x00"+strings.Repeat("\x07", 5000))
	}},
	"directory as a database": {driver: "sqlite", says: "keys.db", build: func(t *testing.T, g *gate) { mkdir(t, g.db) }},
	"file as the folder": {driver: "sqlite", says: "folder", build: func(t *testing.T, g *gate) {
		put(t, filepath.Join(g.dir, "folder"), "a file")
		g.options.store = "$DIR/folder/keys.db"
	}},
	"folder that can't be":       {driver: "sqlite", says: "/proc/", build: func(_ *testing.T, g *gate) { g.options.store = "/proc/keystile/keys.db" }},
	"folder that takes no files": {driver: "sqlite", says: "/sys/", build: func(_ *testing.T, g *gate) { g.options.store = "/sys/kernel/keys.db" }},
	"port in use": {says: "address already in use", creates: true, build: func(t *testing.T, g *gate) {
		listener, err := net.Listen("tcp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
	}},
	"admin port in use": {says: "address already in use", creates: true, build: func(t *testing.T, g *gate) {
		listener, err := net.Listen("tcp", g.admin)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
	}},
	"unknown option":           {says: "Caddyfile:", build: func(_ *testing.T, g *gate) { g.options.app = "colour blue" }},
	"unknown option of a gate": {says: "Caddyfile:", build: func(_ *testing.T, g *gate) { g.options.policy = "colour blue" }},
	"brace missing":            {says: "Caddyfile", build: func(_ *testing.T, g *gate) { g.options.policy = "route GET /x {" }},
	"unset variable":           {says: "UNSET", build: func(_ *testing.T, g *gate) { g.options.app = "pepper {env.KEYSTILE_UNSET}" }},
	"no Caddyfile": {says: "Caddyfile", build: func(t *testing.T, g *gate) {
		if err := os.Remove(g.config); err != nil {
			t.Fatal(err)
		}
		g.config = filepath.Join(g.dir, "missing", "Caddyfile")
	}},
}

func TestStartThatCannotBeSaysWhyInOneLine(t *testing.T) {
	t.Parallel()
	for name, o := range obstacles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := prepare(t, options{driver: o.driver})
			o.build(t, g)
			if _, err := os.Stat(g.config); err == nil {
				g.write(g.caddyfile())
			}
			before := listing(t, g.dir)
			out, status := startBadly(t, g)
			if status == 0 {
				t.Errorf("exit status 0; output:\n%s", out)
			}
			if last := lastLine(out); !strings.Contains(last, o.says) {
				t.Errorf("the last line says %q, want something about %q", last, o.says)
			}
			if after := listing(t, g.dir); after != before && !o.creates {
				t.Errorf("files changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

func startBadly(t *testing.T, g *gate) (output string, status int) {
	t.Helper()
	p, err := launch(g, "run", "--config", g.config, "--adapter", "caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	if !p.wait(startWithin) {
		t.Errorf("the process doesn't end:\n%s", g.log())
	}
	_, _ = p.end(os.Kill, time.Second) // which is over where it has ended
	output = g.log()
	if err := os.Remove(g.logFile()); err != nil {
		t.Fatal(err)
	}
	return output, p.cmd.ProcessState.ExitCode()
}

func put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

// listing names every file below a folder with its content's size, but for
// Caddy's own folders.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name()[0] == '.' {
			return filepath.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		size := info.Size()
		if entry.IsDir() {
			size = 0
		}
		_, err = b.WriteString(strings.TrimPrefix(path, dir) + " " + strconv.FormatInt(size, 10) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
