package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// readers is a gate with one site for each upstream that says how it reads a
// target.
type readers struct {
	*gate
	addrs []string            // of the sites
	keys  map[string][]string // header lines, by caller

	mu       sync.Mutex
	admitted map[string]int // by route
	read     map[string]int // by way of reading
}

func setupReaders(t *testing.T) *readers {
	t.Helper()
	r := &readers{keys: map[string][]string{}, admitted: map[string]int{}, read: map[string]int{}}
	var sites strings.Builder
	for _, upstream := range []string{startGoReader(t), startNginxReader(t), startNodeReader(t)} {
		addr := freeAddr(t)
		r.addrs = append(r.addrs, addr)
		_, port, _ := net.SplitHostPort(addr)
		fmt.Fprintf(&sites, "http://:%s {\n bind 127.0.0.1\n header X-Route {keystile.route} {\n  defer\n }\n keystile {\n%s }\n reverse_proxy %s\n}\n", port, readPolicy(), upstream)
	}
	r.gate = setup(t, options{sites: sites.String()})
	for _, who := range readCallers {
		if who != "" {
			r.keys[who] = []string{r.key("--scopes", who).bearer()}
		}
	}
	return r
}

// startGoReader is a server with the router of Go's library.
func startGoReader(t *testing.T) (addr string) {
	t.Helper()
	mux := http.NewServeMux()
	for _, route := range readRoutes {
		mux.HandleFunc("GET "+strings.TrimSuffix(route.path, "*"), func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "Go "+route.path+"\n") // whoever asked has gone
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// startNginxReader is an nginx with a location for each route.
func startNginxReader(t *testing.T) (addr string) {
	t.Helper()
	addr = freeAddr(t)
	locations := `location / { return 200 "nginx none\n"; }` + "\n"
	for _, route := range readRoutes {
		location, rest := strings.CutSuffix(route.path, "*")
		if !rest {
			location = "= " + location
		}
		locations += fmt.Sprintf("location %s { return 200 %q; }\n", location, "nginx "+route.path+"\n")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	put(t, file, nginxConfig(dir, "server {\n listen "+addr+";\n default_type text/plain;\n"+locations+"}\n"))
	startReader(t, dir, addr, "nginx", "-p", dir, "-e", "stderr", "-c", file)
	return addr
}

// startNodeReader is a Node program.
func startNodeReader(t *testing.T) (addr string) {
	t.Helper()
	var paths []string
	for _, route := range readRoutes {
		paths = append(paths, route.path)
	}
	table, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("testdata/readers/node.js")
	if err != nil {
		t.Fatal(err)
	}
	addr = freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	startReader(t, t.TempDir(), addr, "node", program, port, string(table))
	return addr
}

func startReader(t *testing.T, dir, addr, program string, args ...string) {
	t.Helper()
	p, err := servertest.StartProgram(dir, addr, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// readPieces are what targets are put together of: what is usual, and what some
// reader takes for something else.
var readPieces = []string{
	"/v1", "/v1/", "/v1/admin", "/v1/admin/", "/public/", "/objects/", "/v1/health", "/v1/x", "/public/x", "/objects/a", "/admin", "admin", "v1", "public", "x", "/", "/x", "/y/",
	"/V1", "/Admin", "/ADMIN", "%61dmin", "%68ealth", "health", "/%61dmin", "/%76%31", "é", "%c3%a9", ".", "..", "/..", "/../", "/./", "%2e", "%2e%2e", "/%2e%2e/", ".%2e", "%2f", "%2F", "//",
	`\`, "%5c", "%5C..%5C", ";", "..;", "..;/", ";x=1", "%3b", "%00", "%0a", "%20", "+", " ", "%", "%2", "%25", "%252e", "%252f", "%25%32%65", "%c0%ae", "%u002e", "\xff",
	"?", "?x=/public/", "?x=1;y", "&", "#", "%23", "%3f", "..%2f", "%2e%2e%2f", "a:b", "@", "$", "'", "(", "*", ",", "!", "~", "-", "_", "a%2Fb", "...", "/.x", "x.", "x..",
}

// question is a target, who asks for it, and of which site.
type question struct{ who, target, addr string }

// questions are n at least: of the catalogue, which every caller asks of every
// site, and random ones.
func (r *readers) questions(n int) (all []question) {
	known := []string{"/v1/admin", "/v1/admin/", "/v1/%61dmin", "/v1/x?y=/admin", "/public/v1/admin", "/v1/admin;x", "/v1/admin%20", "/V1/ADMIN", "/objects/a%2Fb", "/objects/a%252Fb"}
	for _, some := range ambiguous {
		for _, target := range some {
			known = append(known, target, strings.Replace(target, "/public", "/objects", 1))
		}
	}
	for _, target := range known {
		for _, who := range readCallers {
			for _, addr := range r.addrs {
				all = append(all, question{who, target, addr})
			}
		}
	}
	chance := seeded(r.t)
	for len(all) < n {
		target, who := randomTarget(chance), pickOf(chance, readCallers)
		if strings.Contains(target, " ") {
			continue // which ends it
		}
		for _, addr := range r.addrs {
			all = append(all, question{who, target, addr})
		}
	}
	return all
}

// randomTarget begins as a route does, and goes on with usual pieces and others.
func randomTarget(chance *rand.Rand) string {
	const beginnings, usual = 10, 15 // of the pieces, from the first
	target := pickOf(chance, readPieces[:beginnings])
	for range chance.IntN(4) {
		target += pickOf(chance, [][]string{readPieces[:usual], readPieces}[chance.IntN(2)])
	}
	return target
}

func pickOf(chance *rand.Rand, some []string) string { return some[chance.IntN(len(some))] }
