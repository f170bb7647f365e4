package e2e

import (
	"testing"
	"time"
)

func TestClientsThatSendTheirHeadersSlowlyAreClosedAndHarmNobody(t *testing.T) {
	t.Parallel()
	t.Run("DOS-04 500 clients, a byte a second each", crawl)
}

func crawl(t *testing.T) {
	const clients = 500
	g := setup(t, options{global: "servers {\n timeouts {\n read_header 2s\n }\n}", before: quiet, behind: "respond ok"})
	made := g.plant(10, nil)
	quietly := g.idle(made, time.Second)
	goroutines := g.goroutines()
	slow := make([]*client, clients)
	for i := range slow {
		slow[i] = g.connect()
	}
	ask := g.request("GET", "/", made[0].bearer())
	closed := 0
	meanwhile := g.during(made, func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for at := 0; closed < clients && at < len(ask)-4; at++ { // the last byte is never sent
			for i, c := range slow {
				switch {
				case c == nil:
				case c.write(ask[at:at+1]) != nil || at > 0 && c.closed(time.Millisecond):
					slow[i] = nil
					closed++
				}
			}
			<-second.C
		}
	})
	t.Logf("other clients: %v; before: %v", meanwhile, quietly)
	meanwhile.healthy(t)
	if closed < clients {
		t.Errorf("%d of %d slow clients are still connected", clients-closed, clients)
	}
	g.calm(goroutines)
}
