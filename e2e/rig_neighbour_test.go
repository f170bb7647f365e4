package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// neighbour is another proxy in front of the upstream that asks a gate, as its
// page in docs/neighbours has them, but for addresses.
type neighbour struct {
	*gate        // what it asks
	front *gate  // what clients ask: the neighbour's address, the same upstream
	dir   string // of its files
}

// setupNeighbour starts the gate of a page, and the neighbour.
func setupNeighbour(t *testing.T, page string, start func(n *neighbour, snippets map[string]string)) *neighbour {
	t.Helper()
	n := &neighbour{gate: prepare(t, options{}), dir: t.TempDir()}
	n.front = &gate{t: t, addr: freeAddr(t), upstream: n.upstream}
	snippets := snippetsOf(t, filepath.Join("..", "docs", "neighbours", page))
	n.write(n.gateOf(snippets["caddyfile"]))
	n.start()
	start(n, snippets)
	return n
}

// gateOf is a page's Caddyfile with this gate's addresses.
func (n *neighbour) gateOf(caddyfile string) string {
	return n.fill(caddyfile,
		"{\n\tlog", "{\n\tadmin "+n.admin+"\n\tpersist_config off\n\tmetrics\n\tlog",
		"store sqlite ./keys.db", n.expand(n.options.storeLine()+"\n"+n.options.limiterLine()),
		"http://:9080", "http://:"+portOf(n.addr),
	)
}

// fill puts other texts into a snippet in the place of those that it has to
// hold.
func (n *neighbour) fill(snippet string, pairs ...string) string {
	n.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(snippet, pairs[i]) {
			n.t.Fatalf("the page doesn't say %q:\n%s", pairs[i], snippet)
		}
	}
	return strings.NewReplacer(pairs...).Replace(snippet)
}

// addresses are what stands in every neighbour's snippets, and what is meant
// here.
func (n *neighbour) addresses() []string {
	return []string{"127.0.0.1:9080", n.addr, "127.0.0.1:9000", n.upstream.addr}
}

// file writes one of the neighbour's files, and returns its path.
func (n *neighbour) file(name, text string) string {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// run starts the neighbour's program.
func (n *neighbour) run(program string, args ...string) {
	n.t.Helper()
	p, err := servertest.StartProgram(n.dir, n.front.addr, program, args...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if n.t.Failed() {
			n.t.Logf("%s printed:\n%s", program, p.Log())
		}
		if err := p.Close(); err != nil {
			n.t.Error(err)
		}
	})
}

// snippetsOf are the blocks of a page by their language; the second one of a
// language has a 2 behind it.
func snippetsOf(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i, part := range strings.Split("\n"+string(text), "\n```") {
		language, block, _ := strings.Cut(part, "\n")
		if i%2 == 0 {
			continue // between blocks
		}
		if found[language] != "" {
			language += "2"
		}
		found[language] = block + "\n"
	}
	return found
}
