package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// quickstart is one run of the command.
type quickstart struct {
	t       *testing.T
	process *process
	out     *bufio.Reader // standard output
	errs    *bytes.Buffer // to be read once the process has ended
}

// startQuickstart runs the command in a gate's folder, until the end of the
// test.
func startQuickstart(t *testing.T, g *gate, args ...string) *quickstart {
	t.Helper()
	q := &quickstart{t: t, errs: new(bytes.Buffer)}
	cmd := exec.Command(g.program.path, slices.Concat(g.program.manage, []string{"quickstart"}, args)...)
	cmd.Dir, cmd.Env, cmd.Stderr = g.dir, g.env(), q.errs
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, q.out = in, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close() // the process has its own
	q.process = &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // ProcessState says how it ended
		close(q.process.done)
	}()
	t.Cleanup(func() {
		q.process.end(syscall.SIGKILL, stopWithin)
		_ = out.Close()
	})
	return q
}

// until reads standard output up to a line that holds a text.
func (q *quickstart) until(text string) string {
	q.t.Helper()
	var read strings.Builder
	for {
		line, err := q.out.ReadString('\n')
		read.WriteString(line)
		if err != nil {
			q.t.Fatalf("standard output ends with %q (%v), before a line with %q", read.String(), err, text)
		}
		if strings.Contains(line, text) {
			return read.String()
		}
	}
}

func (q *quickstart) stop() {
	q.t.Helper()
	status, ok := q.process.end(syscall.SIGTERM, stopWithin)
	if status != 0 || !ok {
		q.t.Errorf("exit status %d (in time: %v) after SIGTERM: %s", status, ok, q.errs)
	}
}

// quickstartLine is what --json prints first.
type quickstartLine struct {
	URL             string  `json:"url"`
	AdminURL        string  `json:"admin_url"`
	ManagementToken *string `json:"management_token"`
	Keys            []struct {
		ID          string  `json:"id"`
		Environment string  `json:"environment"`
		Secret      *string `json:"secret"`
	} `json:"keys"`
}

func (q *quickstart) line() (line quickstartLine) {
	q.t.Helper()
	text := q.until("{")
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil || strings.Count(text, "\n") != 1 {
		q.t.Fatalf("the first line is %q: %v", text, err)
	}
	return line
}

func TestQuickstartServesAtOnceAndKeepsItsKeys(t *testing.T) {
	g := prepare(t, options{})
	listen := freeAddr(t)
	first := startQuickstart(t, g, "--listen", listen, "--json")
	made := first.line()
	if made.URL != "http://"+listen || len(made.Keys) != 2 || made.Keys[0].Environment != "live" || made.Keys[1].Environment != "test" ||
		made.ManagementToken == nil || made.Keys[0].Secret == nil || made.Keys[1].Secret == nil {
		t.Fatalf("printed %+v", made)
	}
	wantLoopback(t, first)
	g.addr = listen
	live, test := *made.Keys[0].Secret, *made.Keys[1].Secret

	got := g.get("/a/b?c=d", bearer(live), "X-Mine: 1")
	var echoed struct {
		Method, Path, Query, Body string
		Headers                   http.Header
	}
	if err := json.Unmarshal([]byte(got.body), &echoed); err != nil || got.status != http.StatusOK ||
		echoed.Method != "GET" || echoed.Path != "/a/b" || echoed.Query != "c=d" || echoed.Body != "" ||
		echoed.Headers.Get("X-Mine") != "1" || echoed.Headers.Get("Keystile-Key-Id") != made.Keys[0].ID {
		t.Errorf("the built-in upstream answered %v: %v", got, err)
	}
	wantAnswer(t, g, g.get("/"), http.StatusUnauthorized, "missing_key")
	wantAnswer(t, g, g.get("/", bearer(*made.ManagementToken)), http.StatusUnauthorized, "malformed_key")
	for secret, burst := range map[string]string{live: "50", test: "500"} {
		if got := g.get("/", bearer(secret)); got.header.Get("X-RateLimit-Limit") != burst {
			t.Errorf("the bucket is %s, want %s", got.header.Get("X-RateLimit-Limit"), burst)
		}
	}
	first.stop()

	again := startQuickstart(t, g, "--listen", listen, "--json")
	kept := again.line()
	if kept.ManagementToken != nil || kept.Keys[0].Secret != nil || kept.Keys[1].Secret != nil {
		t.Errorf("the second start shows secrets: %+v", kept)
	}
	if len(kept.Keys) != 2 || kept.Keys[0].ID != made.Keys[0].ID || kept.Keys[1].ID != made.Keys[1].ID {
		t.Errorf("the second start has the keys %+v, want %+v", kept.Keys, made.Keys)
	}
	for _, secret := range []string{live, test} {
		if got := g.get("/", bearer(secret)); got.status != http.StatusOK {
			t.Errorf("after the second start, a key is answered %v", got)
		}
	}
	again.stop()

	third := startQuickstart(t, g, "--listen", listen)
	for text, shown := third.until("More keys"), 0; shown < 3; shown++ {
		if secret := []string{live, test, *made.ManagementToken}[shown]; strings.Contains(text, secret) {
			t.Errorf("the third start shows a secret:\n%s", text)
		}
	}
}

func TestQuickstartsLinesDoWhatTheySay(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	g := prepare(t, options{})
	q := startQuickstart(t, g, "--listen", freeAddr(t))
	text := q.until("More keys")
	lines := regexp.MustCompile(`(?m)^ +# (\d{3}).*\n +(curl .*)$`).FindAllStringSubmatch(text, -1)
	answers := map[string]*regexp.Regexp{
		"200": regexp.MustCompile(`^HTTP/1\.1 200 OK\r\n`),
		"401": regexp.MustCompile(`^HTTP/1\.1 401 Unauthorized\r\n(?s:.*)"code":"missing_key"`),
		"429": regexp.MustCompile(`^ *(4[5-9]|[5-9]\d) 200\n *[1-5]\d 429\n$`),
	}
	if len(lines) != len(answers) {
		t.Fatalf("%d lines to try, want %d:\n%s", len(lines), len(answers), text)
	}
	for _, line := range lines {
		status, command := line[1], line[2]
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		// curl tells of its progress, too.
		_, answer, _ := strings.Cut("\n"+string(out), "\nHTTP/")
		if answer = "HTTP/" + answer; answer == "HTTP/" {
			answer = string(out)
		}
		if err != nil || answers[status] == nil || !answers[status].MatchString(answer) {
			t.Errorf("%s says that it gives %s, and gave (%v):\n%s", command, status, err, out)
		}
	}

	// The last line names a configuration that commands work on.
	config := regexp.MustCompile(`--config (.*)`).FindStringSubmatch(text)
	if config == nil {
		t.Fatalf("no --config in:\n%s", text)
	}
	g.config = config[1]
	var listed struct{ Data []key }
	g.must(&listed, "keys", "list")
	if len(listed.Data) != 2 {
		t.Errorf("%d keys listed, want 2", len(listed.Data))
	}
}

func TestQuickstartInFrontOfAnAPI(t *testing.T) {
	g := prepare(t, options{})
	q := startQuickstart(t, g, "--to", "http://"+g.upstream.addr, "--listen", freeAddr(t), "--json")
	made := q.line()
	g.addr = strings.TrimPrefix(made.URL, "http://")
	if got := g.get("/x", bearer(*made.Keys[1].Secret)); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("answered %v", got)
	}
	if a := g.upstream.one(t); !slices.Equal(a.values("Keystile-Environment"), []string{"test"}) {
		t.Errorf("the API was told the environment %q", a.values("Keystile-Environment"))
	}
}

func TestQuickstartThatCannotServeSaysWhyInOneLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, try := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"port in use":             {[]string{"--listen", taken.Addr().String()}, 1, taken.Addr().String()},
		"address that is none":    {[]string{"--listen", "here"}, 2, "--listen here"},
		"folder that can't be":    {[]string{"--data", "/proc/nowhere/data"}, 1, "/proc/nowhere"},
		"file in folder's place":  {[]string{"--data", "Caddyfile"}, 1, "Caddyfile"},
		"no address of an API":    {[]string{"--to", "http://127.0.0.1:1/with/a/path"}, 2, "path"},
		"no address at all":       {[]string{"--to", "nonsense"}, 2, "--to nonsense"},
		"address without scheme":  {[]string{"--to", "localhost:9000"}, 2, "http://localhost:9000"},
		"unknown flag":            {[]string{"--colour", "blue"}, 2, "--colour"},
		"argument that is unused": {[]string{"now"}, 2, "now"},
	} {
		t.Run(name, func(t *testing.T) {
			g := prepare(t, options{})
			args := try.args
			if !slices.Contains(args, "--listen") {
				args = append([]string{"--listen", freeAddr(t)}, args...)
			}
			before := listing(t, g.dir)
			q := startQuickstart(t, g, args...)
			if !q.process.wait(startWithin) {
				t.Fatal("the process goes on")
			}
			said := q.errs.String()
			if status := q.process.cmd.ProcessState.ExitCode(); status != try.status || strings.Count(said, "\n") != 1 || !strings.Contains(said, try.says) {
				t.Errorf("exit status %d, and said %q; want %d, and one line about %q", status, said, try.status, try.says)
			}
			if out, err := io.ReadAll(q.out); err != nil || len(out) > 0 {
				t.Errorf("standard output is %q, %v", out, err)
			}
			if after := listing(t, g.dir); after != before {
				t.Errorf("files changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

func TestQuickstartIsForThisMachineUnlessTold(t *testing.T) {
	const usual = "127.0.0.1:8080"
	listener, err := net.Listen("tcp", usual)
	if err != nil {
		t.Skipf("%s is in use here", usual)
	}
	_ = listener.Close() // the port is free again
	g := prepare(t, options{})
	q := startQuickstart(t, g, "--json")
	if made := q.line(); made.URL != "http://"+usual {
		t.Errorf("serves %s", made.URL)
	}
	wantLoopback(t, q)
	if entries, err := os.ReadDir(filepath.Join(g.dir, "keystile-data")); err != nil || len(entries) == 0 {
		t.Errorf("the data is not in ./keystile-data: %v", err)
	}
	q.stop()
}

// wantLoopback fails the test where the process listens on an address that
// other machines can reach.
func wantLoopback(t *testing.T, q *quickstart) {
	t.Helper()
	const listening = "0A"
	fds := fmt.Sprintf("/proc/%d/fd/", q.process.cmd.Process.Pid)
	entries, err := os.ReadDir(fds)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for _, entry := range entries {
		target, _ := os.Readlink(fds + entry.Name()) // one that was closed meanwhile is none
		if inode, isSocket := strings.CutPrefix(target, "socket:["); isSocket {
			ours[strings.TrimSuffix(inode, "]")] = true
		}
	}
	found := 0
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // no IPv6 here
		}
		for line := range strings.Lines(string(text)) {
			// sl local_address rem_address st … inode, as proc(5) says.
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != listening || !ours[fields[9]] {
				continue
			}
			found++
			if addr, _, _ := strings.Cut(fields[1], ":"); addr != "0100007F" {
				t.Errorf("listens on %s", fields[1])
			}
		}
	}
	if found == 0 {
		t.Error("listens nowhere")
	}
}
