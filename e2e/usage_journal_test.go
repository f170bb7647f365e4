package e2e

import (
	"strconv"
	"testing"
	"time"
)

// Batches of thousands of keys wait in the store before they are put into the
// sums. The kill comes between.
func TestPROC02CallsOfThousandsOfKeysAreCountedThoughTheGateIsKilledBeforeTheyAreAddedUp(t *testing.T) {
	t.Parallel()
	const called, clients = 3000, 8
	g := setup(t, options{app: "usage {\n flush_interval 5s\n}", before: quiet, behind: "respond ok"})
	made := g.plant(called, nil)
	c := newCrowd(g)
	orders := make(chan order)
	go func() {
		defer close(orders)
		for _, k := range made {
			orders <- order{k, "/"}
		}
	}()
	c.serve(clients, orders)
	c.healthy(t)

	const (
		waiting = "SELECT COALESCE(sum(amount), 0) FROM usage_journal"
		summed  = "SELECT COALESCE(sum(count), 0) FROM usage_cells"
	)
	eventually(t, 20*time.Second, "all calls are in the store", func() bool { return g.number(waiting)+g.number(summed) == called })
	g.kill()
	if g.number(waiting) == 0 {
		t.Error("nothing waits: this shows nothing")
	}
	g.start()
	wantSums(t, c, made, g.db)
	if n := g.number(waiting); n != 0 {
		t.Errorf("%d cells wait though somebody has read", n)
	}
}

// number asks the gate's database for one.
func (g *gate) number(query string) (n int) {
	g.t.Helper()
	db, err := openSQL(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	rows := readRows(g.t, db, query)
	if len(rows) == 1 {
		n, err = strconv.Atoi(rows[0])
	}
	if err != nil {
		g.t.Fatalf("%s: %v", query, err)
	}
	return n
}
