package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// docPlace is where the blocks of one page happen: a folder with a binary on
// the PATH, and addresses in the place of those that pages speak of.
type docPlace struct {
	t     testing.TB
	rules docPage
	dir   string // the reader's folder
	home  string // beside it: what the reader doesn't look at
	env   []string
	says  *strings.Replacer // from what pages say to what is meant here

	site, desk, admin string // addresses: of the gated site, of keystile_admin, of Caddy's admin endpoint
	upstream          *upstream
	server            *servertest.Postgres // where the page has one
	redis             *servertest.Redis    // likewise
	input             string               // what the reader types into commands that read it

	made    map[string]string // the last ID or secret of each kind that was made: "key_…", "ks_live_…"
	servers []*docServer
	stays   string          // the command of the server that runs, or ran last
	used    map[string]bool // exceptions that something met
	counted map[string]int  // blocks by language, for tests that run them elsewhere
	notes   []string        // what was not run, and why
}

func newDocPlace(t testing.TB, rules docPage) *docPlace {
	t.Helper()
	p := &docPlace{
		t: t, rules: rules, dir: t.TempDir(), home: t.TempDir(), site: freeAddr(t), desk: freeAddr(t), admin: freeAddr(t),
		made: map[string]string{}, used: map[string]bool{}, counted: map[string]int{},
	}
	p.upstream = newUpstream(t, answerOK)
	p.install()
	p.says = strings.NewReplacer(append(expandAll(rules.says, p.expand),
		"https://api.example.com", "http://"+p.site, "api.example.com", "http://"+p.site,
		"https://admin.example.com", "http://"+p.desk, "admin.example.com", "http://"+p.desk,
		"localhost:9000", p.upstream.addr, "127.0.0.1:9000", p.upstream.addr,
		"localhost:8080", p.site, "127.0.0.1:8080", p.site, "localhost:2019", p.admin,
		"/etc/keystile", p.dir+"/etc/keystile", "/var/lib/keystile", p.dir+"/var/lib/keystile",
	)...)
	t.Cleanup(p.finish)
	return p
}

// expand puts this place's own addresses into the texts of a page's rules.
func (p *docPlace) expand(text string) string {
	return strings.NewReplacer("$SITE", p.site, "$DESK", p.desk, "$ADMIN", p.admin, "$UPSTREAM", p.upstream.addr, "$DIR", p.dir).Replace(text)
}

func expandAll(texts []string, expand func(string) string) (all []string) {
	for _, text := range texts {
		all = append(all, expand(text))
	}
	return all
}

// install puts the binary on the PATH, in a home of its own. curl shows no
// progress, as on a terminal.
func (p *docPlace) install() {
	p.t.Helper()
	bin := filepath.Join(p.home, "bin")
	must(p.t, os.Mkdir(bin, 0o700))
	must(p.t, os.Symlink(ownBinary(p.t), filepath.Join(bin, "keystile")))
	put(p.t, filepath.Join(p.home, ".curlrc"), "silent\nshow-error\n")
	put(p.t, p.state(), "")
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"} {
		p.env = append(p.env, name+"="+p.home)
	}
	p.env = append(p.env, "PATH="+bin+":"+os.Getenv("PATH")+":/usr/sbin", "CADDY_ADMIN="+p.admin, "NO_COLOR=1", "COLUMNS=140", "NO_PROXY=*", "TZ=UTC", "LANG=C.UTF-8")
	p.env = append(p.env, expandAll(p.rules.env, p.expand)...)
}

// ownBinary is the one under test, unless that is Caddy's first: pages speak of
// our own.
func ownBinary(t testing.TB) string {
	t.Helper()
	program := tested(t)
	if len(program.manage) > 0 {
		path, err := build("../cmd/keystile", "keystile")
		must(t, err)
		return path
	}
	path, err := filepath.Abs(program.path)
	must(t, err)
	return path
}

// state is a file that carries the shell's variables, folder and status from
// one command of a page to the next.
func (p *docPlace) state() string { return filepath.Join(p.home, "state") }

// shell runs one command as the reader's shell does, and returns all that a
// terminal shows.
func (p *docPlace) shell(command string) (shown string, status int) {
	cmd := exec.Command("sh", "-c", ". \"$0\"\n"+command+"\nstatus=$?\n{ export -p; echo \"cd '$PWD'\"; echo \"(exit $status)\"; } >\"$0\"\nexit $status", p.state())
	cmd.Dir, cmd.Env, cmd.Stdin = p.dir, p.env, strings.NewReader(p.input)
	out, _ := cmd.CombinedOutput() // what it ends with is the status
	return strings.ReplaceAll(string(out), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

var (
	docIDs     = regexp.MustCompile(`\b(key|tok)_[0-9A-Za-z]{20,}`)
	docSecrets = regexp.MustCompile(`\b(kst_|[a-z]+_(?:live|test)_)[0-9A-Za-z]{36}\b`)
	docRefused = regexp.MustCompile(`"request_id":"([0-9a-f-]{36})"`)
	docRequest = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	docAsked   = regexp.MustCompile(`\b(?:key|tok|kst|[a-z]+_(?:live|test))_…`)
)

// learn remembers what a command made: where a secret is shown, the first ID
// beside it is the one that it belongs to. Of a refusal, it is the request's ID.
func (p *docPlace) learn(shown string) {
	secrets := docSecrets.FindAllStringSubmatch(shown, -1)
	for _, secret := range secrets {
		p.made[secret[1]+"…"] = secret[0]
	}
	if refused := docRefused.FindStringSubmatch(shown); refused != nil {
		p.made["request_id"] = refused[1]
	}
	if id := docIDs.FindStringSubmatch(shown); id != nil && len(secrets) > 0 {
		p.made[id[1]+"_…"] = id[0]
	}
}

// meant is a command with this place's addresses, and with what was made last
// wherever the page abbreviates it.
func (p *docPlace) meant(command string) (string, error) {
	var unknown error
	command = docAsked.ReplaceAllStringFunc(command, func(short string) string {
		if p.made[short] == "" {
			unknown = fmt.Errorf("nothing above makes a %s", short)
		}
		return p.made[short]
	})
	if id := p.made["request_id"]; id != "" {
		command = docRequest.ReplaceAllString(command, id)
	}
	command = p.says.Replace(command)
	if strings.HasPrefix(command, "keystile quickstart") && !strings.Contains(command, "--listen") {
		command += " --listen " + p.site
	}
	return command, unknown
}

// docServer is a process that a page starts and that stays.
type docServer struct {
	*process
	log string
}

func (s *docServer) said() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// serve starts what stays, in the place of what the page started before, and
// returns what it shows once it serves.
func (p *docPlace) serve(command string) (shown string, err error) {
	p.halt()
	log := filepath.Join(p.home, fmt.Sprintf("log-%d", len(p.servers)))
	out, err := os.Create(log)
	must(p.t, err)
	defer out.Close()
	cmd := exec.Command("sh", "-c", ". \"$0\"\nexec "+command, p.state())
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, out, out
	must(p.t, cmd.Start())
	s := &docServer{process: &process{cmd: cmd, done: make(chan struct{})}, log: log}
	go func() {
		_ = cmd.Wait() // ProcessState says how it ended
		close(s.done)
	}()
	p.servers, p.stays = append(p.servers, s), command
	up := func() bool {
		if strings.HasPrefix(command, "keystile quickstart") {
			return strings.Contains(s.said(), "--config")
		}
		return p.ready() == http.StatusOK
	}
	if !becomes(startWithin, func() bool { return s.ended() || up() }) || s.ended() {
		return "", fmt.Errorf("it doesn't serve:\n%s", s.said())
	}
	return s.said(), nil
}

// ready is the status of the gate's readiness; 0: nobody answers.
func (p *docPlace) ready() int {
	ask, err := http.NewRequest(http.MethodGet, "http://"+p.admin+"/keystile/readyz", nil)
	must(p.t, err)
	got, err := adminClient.Do(ask)
	if err != nil {
		return 0
	}
	_ = got.Body.Close() // the status is all
	return got.StatusCode
}

// halt ends the server that runs, as Ctrl-C does.
func (p *docPlace) halt() {
	if len(p.servers) == 0 || p.servers[len(p.servers)-1].ended() {
		return
	}
	s := p.servers[len(p.servers)-1]
	if status, ok := s.end(syscall.SIGINT, stopWithin); !ok || status != 0 {
		p.t.Errorf("%s ended with status %d (in time: %v):\n%s", s.cmd.Args[2], status, ok, s.said())
	}
}

func (p *docPlace) finish() {
	p.halt()
	for _, s := range p.servers {
		if strings.Contains(s.said(), "panic") {
			p.t.Errorf("a panic:\n%s", s.said())
		}
	}
}

// write makes a file that a page names, in this place.
func (p *docPlace) write(name, text string) {
	p.t.Helper()
	path := p.says.Replace(name)
	if !strings.HasPrefix(path, p.dir) {
		path = filepath.Join(p.dir, path)
	}
	must(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	put(p.t, path, p.says.Replace(text))
}
