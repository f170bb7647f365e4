package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// atomicChromium is the browser that was started; nil: none.
type atomicChromium struct{ atomic.Pointer[chromium] }

// pages are the dashboard of a gate that was used.
type pages struct {
	desk
	token string // of the workspace default
}

// setupPages starts a gate with a dashboard, under a path.
func setupPages(t testing.TB, o options, mount string) *pages {
	t.Helper()
	if o.app == "" {
		o.app = "scope read:projects \"Read project data\"\nscope write:projects \"Create and update projects\"\n" +
			"plan free {\nmax_keys 40\nquota 10000/month\n}\ndefault_plan free\nrate_limit live 100/s burst 200\nrotation_grace 7d"
	}
	p := &pages{desk: setupDesk(t, o, mount)}
	p.token = p.newToken()
	return p
}

// window opens a window on the pages.
func (p *pages) window(l looks) *window {
	p.t.Helper()
	return openWindow(p.t, "http://"+p.at+p.mount, l)
}

// signedIn opens a window in which a workspace's token is signed in.
func (p *pages) signedIn(l looks) *window {
	p.t.Helper()
	w := p.window(l)
	w.signIn(p.token)
	return w
}

// named finds the ID of the key of a name.
func (p *pages) named(name string) string {
	p.t.Helper()
	var found struct{ Data []key }
	p.read(&found, 200, "GET", "/v1/keys?q="+strings.ReplaceAll(name, " ", "%20"), "")
	if len(found.Data) != 1 {
		p.t.Fatalf("%d keys are called %q", len(found.Data), name)
	}
	return found.Data[0].ID
}

// axeSource is the accessibility checker, as npm installs it from the lock
// file, outside of what git keeps.
var axeSource = sync.OnceValues(func() (string, error) {
	const folder = "../.cache/axe"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	current := true
	for _, name := range []string{"package.json", "package-lock.json"} {
		want, err := os.ReadFile(filepath.Join("axe", name))
		if err != nil {
			return "", err
		}
		have, _ := os.ReadFile(filepath.Join(folder, name)) // none is none
		current = current && bytes.Equal(want, have)
		if err := os.WriteFile(filepath.Join(folder, name), want, 0o644); err != nil {
			return "", err
		}
	}
	file := filepath.Join(folder, "node_modules/axe-core/axe.min.js")
	source, err := os.ReadFile(file)
	if err == nil && current {
		return string(source), nil
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	source, err = os.ReadFile(file)
	return string(source), err
})

// violation is something that keeps people from using a page.
type violation struct {
	ID, Help string
	Nodes    []struct {
		HTML           string
		FailureSummary string
	}
}

// violations are what axe finds on the page that the window shows.
func (w *window) violations() (found []violation) {
	w.t.Helper()
	source, err := axeSource()
	if err != nil {
		w.t.Fatal(err)
	}
	eval[any](w, source+";null")
	report := eval[string](w, `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"], resultTypes: ["violations"]}).then((r) => JSON.stringify({found: r.violations, passed: r.passes.length}))`)
	var all struct {
		Found  []violation
		Passed int
	}
	if err := json.Unmarshal([]byte(report), &all); err != nil || all.Passed == 0 {
		w.t.Fatalf("axe found nothing to look at: %v %s", err, report)
	}
	return all.Found
}

// wantAccessible fails the test where axe finds something.
func (w *window) wantAccessible(page string) {
	w.t.Helper()
	for _, v := range w.violations() {
		var where []string
		for _, n := range v.Nodes {
			where = append(where, n.HTML+"\n\t\t"+strings.ReplaceAll(n.FailureSummary, "\n", "\n\t\t"))
		}
		w.t.Errorf("%s: %s (%s):\n\t%s", page, v.Help, v.ID, strings.Join(where, "\n\t"))
	}
}
