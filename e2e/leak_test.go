package e2e

import (
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestThousandsOfKeysLeaveNoSecretAndNoSeriesBehind(t *testing.T) {
	t.Parallel()
	t.Run("LEAK-01 LEAK-05 10,000 requests of as many keys", mixManyKeys)
}

func mixManyKeys(t *testing.T) {
	const each, clients = 2500, 4
	g := setup(t, options{
		// What Caddy traces goes to the log, too.
		env:    []string{"OTEL_TRACES_EXPORTER=console", "OTEL_SERVICE_NAME=gate"},
		global: masked, policy: canarySources, before: "tracing {\n span everything\n}", behind: "respond ok",
	})
	good := g.plant(each, nil)
	revoked := g.plant(each, func(_ int, k *keys.Key) { k.Status = keys.Revoked })
	call := func(s string, i int) string {
		switch i % 3 {
		case 0:
			return g.request(http.MethodGet, "/v1/items?api_key="+s)
		case 1:
			return g.request(http.MethodGet, "/v1/items", "X-Api-Key: "+s)
		default:
			return g.request(http.MethodGet, "/v1/items", bearer(s))
		}
	}
	var first, all []string
	for i := range each {
		unknown, malformed := liveSecret(), liveSecret()[:20]+"-"+liveSecret()[20:]
		g.secret(unknown)
		g.secret(malformed)
		for j, s := range []string{good[i].Secret, revoked[i].Secret, unknown, malformed} {
			if i < 3 {
				first = append(first, call(s, i+j), call(s, i+j+1), call(s, i+j+2))
			}
			all = append(all, call(s, i+j))
		}
	}
	want := map[string]int{"": each, "revoked_key": each, "unknown_key": each, "malformed_key": each}
	g.askAll(first, clients)
	before := g.series()
	if got := g.askAll(all, clients); !maps.Equal(got, want) {
		t.Errorf("answered %v, want %v", got, want)
	}
	metrics := g.adminGet("/metrics")
	for _, k := range slices.Concat(good, revoked) {
		if strings.Contains(metrics, k.ID) || strings.Contains(metrics, k.Secret) {
			t.Fatalf("a series speaks of one key:\n%s", metrics)
		}
	}
	if after := g.series(); after != before {
		t.Errorf("%d series before the keys came, %d after", before, after)
	}
	g.stop()
	log := g.log()
	if n, spans := strings.Count(log, `"handled request"`), strings.Count(log, `"SpanContext"`); n < len(all) || spans < len(all) {
		t.Errorf("%d log entries and %d spans of %d requests", n, spans, len(all))
	}
	// The end of the test looks for each secret in all of it.
}

// askAll sends requests by a few clients, and counts the codes of the answers;
// allowed ones have none.
func (g *gate) askAll(requests []string, clients int) map[string]int {
	g.t.Helper()
	var mu sync.Mutex
	codes := map[string]int{}
	ask := func(some []string) {
		c, err := dial(g.addr)
		if err != nil {
			g.t.Error(err)
			return
		}
		defer c.Close()
		for _, one := range some {
			got, err := c.exchange(one)
			if err != nil {
				g.t.Error(err)
				return
			}
			mu.Lock()
			codes[got.code()]++
			mu.Unlock()
		}
	}
	var asking sync.WaitGroup
	for some := range slices.Chunk(requests, (len(requests)+clients-1)/clients) {
		asking.Go(func() { ask(some) })
	}
	asking.Wait()
	return codes
}

// series is how many of them the metrics have, of Keystile and of Caddy's
// requests.
func (g *gate) series() (n int) {
	g.t.Helper()
	for line := range strings.Lines(g.adminGet("/metrics")) {
		if strings.HasPrefix(line, "keystile_") || strings.HasPrefix(line, "caddy_http_") {
			n++
		}
	}
	return n
}

func TestPeppersAreShownByTheirPlaceholdersOnly(t *testing.T) {
	t.Parallel()
	t.Run("LEAK-06 peppers from the environment and from a file", dumpPeppers)
}

func dumpPeppers(t *testing.T) {
	const now, old = "pepper-of-today-5f0c9d1e7a", "pepper-of-old-83be61d2c4"
	elsewhere := filepath.Join(t.TempDir(), "old-pepper")
	put(t, elsewhere, old+"\n")
	g := setup(t, options{
		env: []string{"PEPPER_NOW=" + now}, global: masked,
		app: "pepper {env.PEPPER_NOW} {file." + elsewhere + "}",
	})
	g.secret(now)
	g.secret(old)
	k := g.key()
	g.soon(k, "/", "")
	for _, path := range []string{"/config/", "/config/apps", "/config/apps/keystile", "/config/apps/keystile/peppers"} {
		dump := g.adminGet(path)
		if strings.Contains(dump, now) || strings.Contains(dump, old) || path != "/config/apps" && !strings.Contains(dump, "{env.PEPPER_NOW}") {
			t.Errorf("GET %s shows %s", path, dump)
		}
	}
	for file, text := range everything(t, g.dir) {
		if strings.Contains(text, now) || strings.Contains(text, old) {
			t.Errorf("a pepper stands in %s", file)
		}
	}
	// They are in use all the same.
	for _, pepper := range []string{now, "{file." + elsewhere + "} " + now} {
		g.options.app = "pepper " + pepper
		g.reload(g.caddyfile())
		g.soon(k, "/", "")
	}
	g.options.app = "pepper {file." + elsewhere + "}"
	if err := g.tryReload(g.caddyfile()); err == nil || !strings.Contains(err.Error(), "made under a pepper") || strings.Contains(err.Error(), old) {
		t.Errorf("a reload without the pepper of a key: %v", err)
	}
}

// A key without a prefix of ours can't be known by its looks.
func TestForeignKeysAreInNoLogWhereKeysAreTaken(t *testing.T) {
	t.Parallel()
	t.Run("LEAK-02 keys without any prefix", logForeignKeys)
}

func logForeignKeys(t *testing.T) {
	g := setup(t, options{app: `accept_prefix live "" unchecked`, global: masked, policy: canarySources + "route GET /v1/*"})
	known, unknown := "5f0c9d1e7a83be61d2c4", "0b9e4f7712ab93c5d6e8"
	g.plantSecret(known)
	g.secret(unknown)
	for _, secret := range []string{known, unknown} {
		status := map[string]int{known: http.StatusOK, unknown: http.StatusUnauthorized}[secret]
		for _, ask := range []string{
			g.request(http.MethodGet, "/v1/items", bearer(secret)),
			g.request(http.MethodGet, "/v1/items", "X-API-KEY: "+secret),
			g.request(http.MethodGet, "/v1/items?a=1&api_key="+secret),
			g.request(http.MethodGet, "/v1/items?api_key="+everyByteEscaped(secret)+";b=2"),
		} {
			got := g.send(ask)
			if arrived := g.upstream.seen(); got.status != status || len(arrived) > 0 && shows(arrived[0].raw, secret) {
				t.Errorf("answered %v; the upstream saw %v", got, arrived)
			}
		}
		if log := g.log(); shows(log, secret) {
			t.Errorf("the log shows it: %s", log)
		}
	}
	if n := strings.Count(g.log(), "***"); n < 2*3 {
		t.Errorf("%d places are hidden in the log: the requests are not in it", n)
	}
}
