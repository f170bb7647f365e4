package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// secret tells the rig of a secret, so that the end of the test looks for it
// in everything that the process has written.
func (g *gate) secret(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets = append(g.secrets, text)
}

// checkLeaks looks for the test's secrets in the log and in the files of the
// database.
func (g *gate) checkLeaks() {
	g.mu.Lock()
	defer g.mu.Unlock()
	var spellings []string
	for _, secret := range g.secrets {
		spellings = append(spellings, secret, "")
		if escaped := url.QueryEscape(secret); escaped != secret {
			spellings = append(spellings, escaped, "")
		}
	}
	if len(spellings) == 0 {
		return
	}
	// A replacer looks for all of them in one pass.
	without := strings.NewReplacer(spellings...)
	files, _ := filepath.Glob(g.db + "*") // the pattern is well-formed
	for _, file := range append(files, g.logFile()) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // never written
		}
		if cleaned := without.Replace(string(text)); len(cleaned) != len(text) {
			g.t.Errorf("a secret stands in %s", filepath.Base(file))
		}
	}
}
