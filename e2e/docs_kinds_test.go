package e2e

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// docKind does with a block what can be done with its language, and returns
// what is wrong.
type docKind func(p *docPlace, b docBlock) (found []string)

// docKinds are the languages that any page may use. What isn't here is for the
// rules of a page (docs_pages_test.go), or a finding.
var docKinds = map[string]docKind{
	"sh":        runShell,
	"console":   runShell,
	"caddyfile": validate,
	"json":      readJSON,
	"csv":       readCSV,
	"http":      readHTTP,
	"yaml":      readRules,
	"promql":    readQuery,
	"dotenv":    takeVariables,
	"nginx":     readNginx,
}

// validate has the binary provision a configuration as it stands, or within
// what it can be a part of: a site, a gate, the global option. A whole one, or
// one that has a name, is then there for the commands of the page.
func validate(p *docPlace, b docBlock) (found []string) {
	if b.file == "" {
		b.file = "Caddyfile"
	}
	if formatted := p.keystile(b.text, "fmt", "-"); formatted.out != b.text {
		found = append(found, b.at(0, "keystile fmt would write\n%s", formatted.out))
	}
	var why []string
	for _, around := range []string{"%s", "http://:80 {\n%s\nrespond ok\n}", "http://:80 {\nkeystile {\n%s\n}\n}", "{\nkeystile {\n%s\n}\n}", "{\n%s\n}"} {
		file := filepath.Join(p.home, "validated")
		put(p.t, file, p.says.Replace(fmt.Sprintf(around, b.text)))
		done := p.keystile("", "validate", "--adapter", "caddyfile", "--config", file)
		if done.status != 0 {
			why = append(why, done.err)
			continue
		}
		if around == "%s" {
			p.write(b.file, b.text)
		}
		return found
	}
	return append(found, b.at(0, "neither a configuration nor a part of one: %s", strings.Join(why, "\nor, within more, ")))
}

// keystile runs the binary beside the reader's shell. Variables that the page
// doesn't set have something in them.
func (p *docPlace) keystile(input string, args ...string) command {
	cmd := exec.Command(filepath.Join(p.home, "bin", "keystile"), args...)
	cmd.Dir, cmd.Stdin = p.dir, strings.NewReader(input)
	cmd.Env = append([]string{"DATABASE_URL=postgres://u@127.0.0.1:1/d", "REDIS_URL=redis://127.0.0.1:1/0"}, p.env...)
	for _, name := range []string{"KEYSTILE_PEPPER", "NEW", "OLD"} {
		cmd.Env = append(cmd.Env, name+"=not-the-real-one-"+name)
	}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // ProcessState says how it ended
	return command{status: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

func readJSON(p *docPlace, b docBlock) (found []string) {
	line := 1
	for text := range strings.Lines(b.text) {
		if !json.Valid([]byte(text)) && !json.Valid([]byte(b.text)) {
			return []string{b.at(line, "this is not JSON")}
		}
		line++
	}
	if b.file == "" {
		return []string{b.at(0, "nobody reads this: name the file above it (`keys.json`:), or show it as what a command prints")}
	}
	p.write(b.file, b.text)
	return nil
}

func readCSV(p *docPlace, b docBlock) []string {
	if _, err := csv.NewReader(strings.NewReader(b.text)).ReadAll(); err != nil {
		return []string{b.at(0, "this is not CSV: %v", err)}
	}
	if b.file == "" {
		return []string{b.at(0, "nobody reads this: name the file above it (`keys.csv`:)")}
	}
	p.write(b.file, b.text)
	return nil
}

// readHTTP reads an answer whose body is the JSON of a refusal, of which the
// code has an entry in docs/errors.md.
func readHTTP(p *docPlace, b docBlock) []string {
	got, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.Replace(b.text, "\n\n", "\r\n\r\n", 1))), nil)
	if err != nil {
		return []string{b.at(0, "this is no answer: %v", err)}
	}
	defer got.Body.Close()
	var told struct{ Error struct{ Code, Type string } }
	if err := json.NewDecoder(got.Body).Decode(&told); err != nil {
		return []string{b.at(0, "the body is not JSON: %v", err)}
	}
	entry := fmt.Sprintf("| %d | [`%s`](#%s) | `%s` |", got.StatusCode, told.Error.Code, told.Error.Code, told.Error.Type)
	if !strings.Contains(readPage(p.t, "docs/errors.md"), entry) {
		return []string{b.at(0, "docs/errors.md doesn't have %s", entry)}
	}
	return nil
}

// readRules has promtool read what is Prometheus'.
func readRules(p *docPlace, b docBlock) []string {
	check := "config"
	switch {
	case regexp.MustCompile(`(?m)^groups:`).MatchString(b.text):
		check = "rules"
	case !regexp.MustCompile(`(?m)^(scrape_configs|global|rule_files|alerting):`).MatchString(b.text):
		return []string{b.at(0, "no test knows what this YAML is for")}
	}
	file := filepath.Join(p.home, "prometheus.yml")
	put(p.t, file, b.text)
	if out, err := exec.Command("promtool", "check", check, "--", file).CombinedOutput(); err != nil {
		return []string{b.at(0, "promtool: %s", out)}
	}
	return nil
}

func readQuery(p *docPlace, b docBlock) []string {
	b.text = "groups:\n- name: page\n  rules:\n  - record: page\n    expr: |\n      " + strings.ReplaceAll(b.text, "\n", "\n      ")
	return readRules(p, b)
}

// readNginx has nginx read what stands within http.
func readNginx(p *docPlace, b docBlock) []string {
	file := filepath.Join(p.home, "nginx.conf")
	put(p.t, file, fmt.Sprintf("pid %s/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s}\n", p.home, b.text))
	cmd := exec.Command("sh", "-c", `PATH=$PATH:/usr/sbin nginx -t -q -p "$0" -c "$1"`, p.home, file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return []string{b.at(0, "nginx: %s", out)}
	}
	if b.file != "" {
		p.write(b.file, b.text)
	}
	return nil
}

// takeVariables puts the lines of an environment file where the page's commands
// find them.
func takeVariables(p *docPlace, b docBlock) []string {
	if out, err := exec.Command("sh", "-n", "-c", b.text).CombinedOutput(); err != nil {
		return []string{b.at(0, "no shell reads this: %s", out)}
	}
	if b.file != "" {
		p.write(b.file, b.text)
		return nil
	}
	p.do("set -a\n" + b.text + "set +a")
	return nil
}
