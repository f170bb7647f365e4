package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// happened is an event as a handler was told of it.
type happened struct {
	Type   string         `json:"type"`
	Source string         `json:"source"`
	Data   map[string]any `json:"data"`
}

// eventful starts a gate that can record events: those that the lines of its
// events block name.
func eventful(t *testing.T, on string, o options) *gate {
	t.Helper()
	o.program = faulty(t)
	o.global += "\nevents {\n" + on + "\n}"
	return setup(t, o)
}

// events are those in a file of the gate, other than Caddy's own.
func (g *gate) events(file string) (all []happened) {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil && !os.IsNotExist(err) {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var one happened
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			g.t.Fatalf("%v: %s", err, line)
		}
		if strings.HasPrefix(one.Type, "keystile.") {
			all = append(all, one)
		}
	}
	return all
}

// told lists the events of a key, as their names without what all begin with.
func (g *gate) told(file, id string) (names []string) {
	g.t.Helper()
	for _, e := range g.events(file) {
		if e.Data["key_id"] == id {
			names = append(names, strings.TrimPrefix(e.Type, "keystile."))
		}
	}
	return names
}

// awaitTold waits for one of a key's events.
func (g *gate) awaitTold(file, id, name string) {
	g.t.Helper()
	eventually(g.t, 10*time.Second, name+" is told", func() bool { return slices.Contains(g.told(file, id), name) })
}
