package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// fewSources are the addresses that a flood comes from.
var fewSources = []string{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"}

// guessing spells requests with keys that nobody has, each with another one.
func (g *gate) guessing(header func() string) func(int) func() string {
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_"}, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return func(int) func() string {
		return func() string {
			return "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + format.Mint(keys.Live).Reveal() + "\r\n" + header() + "\r\n"
		}
	}
}

func noHeader() string { return "" }

// These tests load both processors, so nothing runs beside them.

func TestFloodOfUnknownKeysReachesTheStoreByDropsOnly(t *testing.T) {
	t.Run("DOS-01 20,000 unknown keys a second from few sources", floodUnknown)
}

func floodUnknown(t *testing.T) {
	const rate, burst, known, cold = 20, 100, 50, 200
	span, bare := sized(3*time.Second, 20*time.Second), freeAddr(t)
	_, port, _ := net.SplitHostPort(bare)
	g := setup(t, options{
		app: fmt.Sprintf("unknown_keys %d/s burst %d", rate, burst), before: quiet, behind: "respond ok",
		sites: fmt.Sprintf("http://:%s {\n bind 127.0.0.1\n log_skip\n respond no 401\n}", port),
	})
	made := g.plant(known+cold, nil)
	quietly := g.idle(made[:known], sized(time.Second, 5*time.Second))
	quietly.healthy(t)
	goroutines, heap, reads := g.goroutines(), g.heap(), g.counter(storeReads)
	attack := flood{sources: fewSources, clients: 8, perSecond: 20_000, span: span, next: g.guessing(noHeader)}
	var came flooded
	// The keys behind the known ones have to be looked up once each.
	meanwhile := g.during(made, func() { came = g.flood(attack) })
	asked := g.counter(storeReads) - reads
	most := float64(len(fewSources))*(burst+rate*came.took.Seconds()) + cold
	after := g.heap()
	t.Logf("%v; %v reads of the store, at most %.0f may be; heap from %d to %d kB", came, asked, most, heap>>10, after>>10)
	t.Logf("known keys: %v; before the flood: %v", meanwhile, quietly)
	came.only(t, http.StatusUnauthorized, http.StatusTooManyRequests)
	meanwhile.healthy(t)
	if asked > most || asked < most/4 {
		t.Errorf("%v reads of the store, want at most %.0f, and not much less", asked, most)
	}
	if spare := int64(8 << 20); after > heap+heap/2+spare {
		t.Errorf("the heap grew from %d to %d bytes", heap, after)
	}

	g.calm(goroutines)

	if !isFull() {
		return
	}
	// What the processors are busy with, the gate aside.
	attack.addr = bare
	beside := g.during(made[:known], func() { came = g.flood(attack) })
	t.Logf("known keys while the same flood is answered without a gate: %v; %v", beside, came)
	if meanwhile.at(99) > 2*beside.at(99) {
		t.Errorf("the gate makes a flood that it answers more than twice as bad for known keys: %v, want at most twice %v", meanwhile.at(99), beside.at(99))
	}
}

func TestFloodOfMalformedKeysNeverReachesTheStore(t *testing.T) {
	t.Run("DOS-02 malformed keys", floodMalformed)
}

func floodMalformed(t *testing.T) {
	g := setup(t, options{before: quiet, behind: "respond ok"})
	made := g.plant(10, nil)
	quietly := g.idle(made, time.Second)
	garbage := []string{
		"Authorization: Bearer ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVcx\r\n", "Authorization: Bearer ks_live_\r\n",
		"Authorization: Basic dXNlcjpwYXNz\r\n", "Authorization: Bearer ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco0\r\n",
		"Authorization: Bearer garbage\r\n", "Authorization: Bearer kst_0123456789ABCDEFGHIJKLMNOPQRST1TaVco\r\n",
	}
	reads, cpu := g.counter(storeReads), g.process.cpu(t)
	var came flooded
	meanwhile := g.during(made, func() {
		came = g.flood(flood{
			sources: fewSources, clients: 8, perSecond: 20_000, span: sized(2*time.Second, 20*time.Second),
			next: func(client int) func() string {
				n := client
				return func() string { n++; return "GET / HTTP/1.1\r\nHost: x\r\n" + garbage[n%len(garbage)] + "\r\n" }
			},
		})
	})
	used := g.process.cpu(t) - cpu
	t.Logf("%v; %v of CPU each, the server's part and the known keys' included", came, (used / time.Duration(came.total())).Round(100*time.Nanosecond))
	t.Logf("known keys: %v; before the flood: %v", meanwhile, quietly)
	came.only(t, http.StatusUnauthorized)
	meanwhile.healthy(t)
	if asked := g.counter(storeReads) - reads; asked > float64(len(made)) {
		t.Errorf("%v reads of the store", asked)
	}
}

func TestFloodFromManyAddressesTakesNoMemoryAndHarmsNoKnownKey(t *testing.T) {
	t.Run("DOS-03 a new address with each request, by a trusted proxy", floodAddresses)
}

func floodAddresses(t *testing.T) {
	g := setup(t, options{
		app: "unknown_keys 2/m burst 2", before: quiet, behind: "respond ok",
		global: "servers {\n trusted_proxies static 127.0.0.0/8\n}",
	})
	made := g.plant(50, nil)
	for _, k := range made { // the node has met them
		wantOK(t, g.get("/", k.bearer()))
	}
	address := func() string {
		return fmt.Sprintf("X-Forwarded-For: %d.%d.%d.%d\r\n", 11+rand.IntN(100), rand.IntN(256), rand.IntN(256), rand.IntN(256))
	}
	goroutines, heap := g.goroutines(), g.heap()
	var came flooded
	meanwhile := g.during(made, func() {
		came = g.flood(flood{
			sources: fewSources, clients: 8, perSecond: 20_000, span: sized(3*time.Second, time.Minute), next: g.guessing(address),
		})
	})
	after := g.heap()
	t.Logf("%v; heap from %d to %d kB; known keys: %v", came, heap>>10, after>>10, meanwhile)
	came.only(t, http.StatusUnauthorized, http.StatusTooManyRequests)
	meanwhile.healthy(t)
	// What is known to be nobody's is remembered, up to a bound.
	if spare := int64(24 << 20); after > heap+heap/2+spare {
		t.Errorf("the heap grew from %d to %d bytes", heap, after)
	}
	for _, k := range made { // from addresses that nobody has seen
		wantOK(t, g.get("/", k.bearer(), strings.TrimSpace(address())))
	}
	g.calm(goroutines)
}
