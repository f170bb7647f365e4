package e2e

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// shownPages is what a running gate shows to those who look after it.
func (g *gate) shownPages() map[string]string {
	g.t.Helper()
	places := map[string]string{}
	for _, page := range []string{"/metrics", "/config/", "/debug/pprof/goroutine?debug=2", "/debug/pprof/cmdline", "/debug/vars"} {
		places["GET "+page] = g.adminGet(page)
	}
	for _, command := range []string{"doctor", "report", "routes", "keys list", "tokens list", "audit", "report --limit 1000"} {
		done := g.cli(strings.Fields(command)...)
		places[command] = done.out + done.err
	}
	return places
}

// stopIntoSpool ends the process while nobody can write to its database, so that
// the last counts go to a file. (A server would have to be stopped for that.)
func (g *gate) stopIntoSpool() {
	g.t.Helper()
	if onServer(g.db) {
		g.stop()
		return
	}
	k := g.key()
	release := lock(g.t, g.db)
	for _, place := range canaryPlaces.credentials {
		g.send(place(k.Secret).raw(g))
	}
	g.stop()
	release()
	if spooled(g.t, g.dir) == 0 {
		g.t.Error("nothing is in the spool")
	}
}

// explained is what the command tells of refusals, of which there is one at
// least that it knows: of a flood, few are noted.
func (g *gate) explained(refusals map[string]string) map[string]string {
	g.t.Helper()
	places, known := map[string]string{}, 0
	const enough = 3
	for what, id := range refusals {
		done := g.cli("explain", "--request", id)
		places["explain --request: "+what] = done.out + done.err
		if done.status == 0 {
			known++
		}
		if known == enough {
			return places
		}
	}
	g.t.Errorf("%d of %d refusals are explained", known, len(refusals))
	return places
}

// inServers is what stands in PostgreSQL and in Redis, where the gate uses them.
func (g *gate) inServers() map[string]string {
	g.t.Helper()
	places := map[string]string{}
	if onServer(g.db) {
		maps.Copy(places, g.tables())
	}
	if address, ok := strings.CutPrefix(g.options.limiter, "redis "); ok {
		places["Redis"] = dumpRedis(g.t, address)
	}
	return places
}

// dumpRedis is every key of a database, and its value as Redis would save it.
func dumpRedis(t testing.TB, address string) string {
	t.Helper()
	settings, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(settings)
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d keys in Redis: %v", len(keys), err)
	}
	var dump strings.Builder
	for _, key := range keys {
		value, err := client.Dump(t.Context(), key).Result()
		if err != nil && !errors.Is(err, redis.Nil) { // it has run out
			t.Fatal(err)
		}
		dump.WriteString(key + " " + value + "\n")
	}
	return dump.String()
}
