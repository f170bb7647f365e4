package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docCommand is one command of a block, with what the page shows below it.
type docCommand struct {
	line  int // behind the fence
	text  string
	shown string
}

// commandsOf splits a block. In console blocks, commands stand behind a $, and
// what they show below; in the others, each line is one. A \ at the end of a
// line, and <<'EOF', go on.
func commandsOf(b docBlock) (all []docCommand) {
	lines := strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		text, prompted := strings.CutPrefix(line, "$ ")
		switch {
		case b.language == "console" && !prompted:
			if len(all) == 0 {
				all = append(all, docCommand{line: i + 1})
			}
			all[len(all)-1].shown += line + "\n"
			continue
		case strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#"):
			continue
		}
		c := docCommand{line: i + 1, text: text}
		for goesOn(c.text) && i+1 < len(lines) {
			i++
			c.text += "\n" + lines[i]
		}
		all = append(all, c)
	}
	return all
}

func goesOn(text string) bool {
	if strings.HasSuffix(text, "\\") {
		return true
	}
	_, below, here := strings.Cut(text, "<<'EOF'")
	return here && !strings.HasSuffix(below, "\nEOF")
}

// runShell runs the commands of a block in turn.
func runShell(p *docPlace, b docBlock) (found []string) {
	for _, c := range commandsOf(b) {
		if c.text == "" {
			found = append(found, b.at(c.line, "no command shows this: begin one with $"))
			continue
		}
		if out, err := exec.Command("sh", "-n", "-c", c.text).CombinedOutput(); err != nil {
			found = append(found, b.at(c.line, "no shell reads this: %s", out))
			continue
		}
		if why := p.except(c.text); why != "" {
			p.notes = append(p.notes, b.at(c.line, "not run, since %s: %s", why, c.text))
			continue
		}
		p.scene(c.text)
		found = append(found, p.runOne(b, c)...)
	}
	return found
}

// scene has happen what the rules of the page say before a heading, or before a
// command that begins so.
func (p *docPlace) scene(text string) {
	for starts, happens := range p.rules.scenes {
		if strings.HasPrefix(text, starts) {
			p.used[starts] = true
			happens(p)
		}
	}
}

// except returns why a command is not run; empty: it is.
func (p *docPlace) except(command string) string {
	for _, rule := range slices.Concat(p.rules.unrun, unrunAnywhere) {
		if strings.HasPrefix(command, rule.starts) {
			p.used[rule.starts] = true
			return rule.why
		}
	}
	return ""
}

func (p *docPlace) runOne(b docBlock, c docCommand) []string {
	command, err := p.meant(c.text)
	if err != nil {
		return []string{b.at(c.line, "%v: %s", err, c.text)}
	}
	if verb := docUnit.FindStringSubmatch(command); verb != nil {
		command = p.unit(verb[1])
	}
	if docStays.MatchString(command) {
		shown, err := p.serve(command)
		if err != nil {
			return []string{b.at(c.line, "%s: %v", c.text, err)}
		}
		p.learn(shown)
		return p.compare(b, c, shown)
	}
	shown, status := p.shell(command)
	wrong := p.judge(b, c, shown, status)
	if docReads.MatchString(command) {
		becomes(readWithin, func() bool {
			if len(wrong) > 0 {
				shown, status = p.shell(command)
				wrong = p.judge(b, c, shown, status)
			}
			return len(wrong) == 0
		})
	}
	p.learn(shown)
	if testing.Verbose() {
		p.t.Logf("$ %s\n%s", c.text, shown) // to write pages from
	}
	return wrong
}

// unit is what systemd does for a command about the unit of deploy/systemd, with
// this place's paths.
func (p *docPlace) unit(verb string) (command string) {
	source := readPage(p.t, "deploy/systemd/keystile.service")
	line := func(name string) string {
		_, rest, _ := strings.Cut(source, "\n"+name+"=")
		text, _, _ := strings.Cut(rest, "\n")
		return text
	}
	words := func(name string) string {
		return p.says.Replace(strings.TrimPrefix(line(name), "/usr/local/bin/"))
	}
	switch verb {
	case "stop":
		p.halt()
		return "true"
	case "reload":
		return words("ExecReload")
	}
	command = words("ExecStart")
	if file := strings.TrimPrefix(words("EnvironmentFile"), "-"); accessible(file) {
		command += " --envfile " + file
	}
	return command
}

func accessible(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

var (
	docUnit  = regexp.MustCompile(`^systemctl (start|stop|restart|reload|enable --now) keystile\b`)
	docStays = regexp.MustCompile(`^keystile (run|quickstart)\b`)
	// What changes nothing is asked again for some seconds, as readers do: counts
	// are stored, and changes heard of, a moment later.
	docReads = regexp.MustCompile(`^keystile (keys (usage|activity|show|list)|report|audit|routes|doctor|explain)\b|readyz`)
)

const readWithin = startWithin / 2

// judge holds a command against what the page says that it shows, and against
// the status that it should end with.
func (p *docPlace) judge(b docBlock, c docCommand, shown string, status int) (found []string) {
	want := 0
	for starts, ends := range p.rules.ends {
		if strings.HasPrefix(c.text, starts) || strings.HasPrefix(b.heading+": "+c.text, starts) {
			want = ends
			p.used[starts] = true
		}
	}
	if status != want {
		found = append(found, b.at(c.line, "%s ends with status %d, want %d:\n%s", c.text, status, want, shown))
	}
	return append(found, p.compare(b, c, shown)...)
}

func (p *docPlace) compare(b docBlock, c docCommand, shown string) []string {
	if c.shown == "" || shownAs(p.says.Replace(c.shown)).MatchString(shown) {
		return nil
	}
	return []string{b.at(c.line, "%s shows\n%s\nand the page has\n%s", c.text, shown, c.shown)}
}
