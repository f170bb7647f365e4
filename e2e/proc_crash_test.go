package e2e

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// LEAK-04: a fault that nobody recovers from ends the process, which prints the
// stacks of all its goroutines. Requests are in flight everywhere then.
func TestAPanicThatEndsTheProcessPrintsNoSecret(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	g := setup(t, options{
		program: faulty(t), panics: true, driver: "faulty", global: masked, policy: canarySources + "default allow",
		upstream: newUpstream(t, answerBy(map[string]answer{"/hang": answerHang(release)})), env: []string{"GOTRACEBACK=system"},
	})
	warm := g.key()
	g.soon(warm, "/", "")
	g.upstream.seen()
	secrets := []string{warm.Secret}
	inFlight := func(secret, target string) {
		secrets = append(secrets, secret)
		for _, ask := range []string{
			g.request(http.MethodGet, target, bearer(secret)), g.request(http.MethodGet, target, "X-Api-Key: "+secret),
			g.request(http.MethodGet, target+"?api_key="+secret),
		} {
			if err := g.connect().write(ask); err != nil {
				t.Fatal(err)
			}
		}
	}
	inFlight(warm.Secret, "/hang")
	eventually(t, startWithin, "requests are at the upstream", func() bool { return g.upstream.total() > 3 })
	put(t, filepath.Join(g.dir, "hang"), "")
	inFlight(g.key().Secret, "/")
	inFlight(liveSecret(), "/")
	eventually(t, startWithin, "requests wait for the store", func() bool {
		return strings.Count(g.adminGet("/debug/pprof/goroutine?debug=2"), "keycache.(*Cache") >= 2
	})
	put(t, filepath.Join(g.dir, "crash"), "")
	inFlight(liveSecret(), "/")
	if !g.process.wait(startWithin) {
		t.Fatal("the process goes on")
	}
	g.process = nil

	dump := g.log()
	if stacks := strings.Count(dump, "\ngoroutine "); stacks < 20 || !strings.Contains(dump, "panic: forced by a test") || !strings.Contains(dump, "caddymodule.(*Handler).ServeHTTP") {
		t.Fatalf("%d stacks are printed: nothing would show\n%s", stacks, dump)
	}
	for i, secret := range secrets {
		if shows(dump, secret) || strings.Contains(dump, secret[8:20]) {
			t.Errorf("secret %d is printed", i)
		}
		for word := range wordsOf(secret) {
			if strings.Contains(dump, word) {
				t.Errorf("secret %d is printed as an argument, %s", i, word)
			}
		}
	}
}

// wordsOf is how a stack would show eight bytes of a secret that are passed by
// value: as one number, or byte by byte.
func wordsOf(secret string) map[string]bool {
	const width = 8
	words := map[string]bool{}
	for i := range len(secret) - width + 1 {
		part := []byte(secret[i : i+width])
		words[fmt.Sprintf("%#x", binary.NativeEndian.Uint64(part))] = true
		words[strings.ReplaceAll(fmt.Sprintf("% #x", part), " ", ", ")] = true
	}
	return words
}
