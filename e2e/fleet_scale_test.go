package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// A clean run in which each kind of refusal has its share.
func TestDATA02WithoutAnyFaultTheDatabaseHoldsExactlyWhatClientsCounted(t *testing.T) {
	t.Parallel()
	const clients, refusals = 4, 5
	requests, perSecond := sized(600, 33_400), sized(300, 2000) // at each of three gates
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok",
		app:    usageApp + "\nscope admin \"Admin\"",
		policy: "route GET /\nroute GET /admin admin\nroute GET /test {\n environment test\n}\nroute GET /projects/{name} {\n project {name}\n}"})
	f.members[0].must(nil, "workspaces", "create", "elsewhere")
	f.members[0].must(nil, "projects", "create", "atlas", "--workspace", "elsewhere")
	made := f.members[0].plant(usageKeys, func(i int, k *keys.Key) {
		switch i {
		case 0:
			k.AllowedIPs = []string{"192.0.2.0/24"}
		case 1:
			k.Plan = "small"
		}
	})
	refused := []string{"/admin", "/test", "/nowhere", "/projects/atlas", "/projects/none"}
	cs := &crowds{}
	for _, g := range f.gates() {
		c, chance, ended := newCrowd(g), seeded(t), make(chan struct{})
		go func() {
			defer close(ended)
			c.serve(clients, paced(requests, perSecond, func(int) order {
				o := order{made[2+chance.IntN(len(made)-2)], "/"}
				switch at := chance.IntN(100); {
				case at < refusals:
					o.target = refused[at]
				case at < refusals+2:
					o.key = made[at-refusals]
				}
				return o
			}))
		}()
		cs.all, cs.halts = append(cs.all, c), append(cs.halts, func() { <-ended })
	}
	sum := cs.halt(t)
	for _, m := range f.members {
		m.stop()
	}
	wantSums(t, sum, made, f.members[0].db)
}

// More keys than a gate has ever met.
func TestDATA03AGateStartsAndServesWithManyKeys(t *testing.T) {
	const startsWithin, pageWithin, sample = 10 * time.Second, time.Second, 1000
	count := sized(20_000, 1_000_000)
	f := newTrio(t, sharedPostgres(t))
	m := f.add(options{app: "cache_size 1000000", before: quiet, behind: "respond ok"}, "postgres")
	m.start()
	m.token = m.newToken("operator", "--all-workspaces")
	few := m.plant(sample, nil)
	m.walk(t, few)
	small := m.walk(t, few)
	secrets := f.plantMany(count)
	m.stop()
	began := time.Now()
	m.start()
	started, empty := time.Since(began), m.heap()
	secrets = secrets[:sized(4*sample, count)]
	cold, warm := m.walk(t, secrets), m.walk(t, secrets[:min(len(secrets), 100*sample)])
	held := m.heap() - empty
	eventually(t, startWithin, "no count waits to be written", func() bool { // which takes memory as well
		was := held
		held = m.heap() - empty
		return held > was-1<<20
	})
	got, err := m.office().manage(http.MethodGet, "/v1/keys?limit=100", "")
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("%v, %v", got, err)
	}
	began = time.Now()
	got, err = m.office().manage(http.MethodGet, "/v1/keys?limit=100", "")
	page := time.Since(began)
	var list struct{ Data []json.RawMessage }
	if err != nil || json.Unmarshal([]byte(got.body), &list) != nil || len(list.Data) != 100 {
		t.Errorf("a page of %d keys, %v", len(list.Data), err)
	}
	t.Logf("%d keys: started in %v, a page of the list in %v; %d MiB of heap with %d in memory, %d bytes for each", count,
		started.Round(time.Millisecond), page.Round(time.Millisecond), held>>20, len(secrets), held/int64(len(secrets)))
	t.Logf("look-ups, cold: %v", cold)
	t.Logf("from memory: %v; of %d keys: %v", warm, sample, small)
	if started > startsWithin || page > pageWithin {
		t.Errorf("started in %v, want %v; a page in %v, want %v", started, startsWithin, page, pageWithin)
	}
	if most := int64(16<<20 + 400*len(secrets)); held > most {
		t.Errorf("%d bytes of heap, want %d at most", held, most)
	}
}

// plantMany puts copies of a planted key into the database, as fast as it takes
// them.
func (f *trio) plantMany(n int) []key {
	f.t.Helper()
	const atOnce = 1000
	made := make([]key, 0, n)
	columns := f.sql(`SELECT string_agg(CASE column_name WHEN 'id' THEN 'new.id' WHEN 'lineage' THEN 'new.id' WHEN 'digest' THEN 'new.digest'
		ELSE 'old.' || column_name END, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'keys'`)
	for len(made) < n {
		var rows []string
		for range min(atOnce, n-len(made)) {
			secret := drawSecret(keys.Live)
			rows = append(rows, fmt.Sprintf(`('%s','\x%x'::bytea)`, keys.NewID(), keys.FingerprintOf(secret)))
			made = append(made, key{Secret: secret})
		}
		f.sql(`INSERT INTO keys SELECT ` + columns + ` FROM (VALUES ` + strings.Join(rows, ",") + `) AS new (id, digest), (SELECT * FROM keys LIMIT 1) AS old`)
	}
	f.sql(`ANALYZE keys`)
	return made
}

// walk calls the gate with each key once, by a few clients, and returns how
// long that took.
func (m *member) walk(t testing.TB, made []key) (all pulse) {
	t.Helper()
	const clients = 4
	var walking sync.WaitGroup
	var mu sync.Mutex
	for i := range clients {
		walking.Go(func() {
			c, err := dial(m.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			var p pulse
			for j := i; j < len(made); j += clients {
				began := time.Now()
				got, err := c.exchange(m.request(http.MethodGet, "/", made[j].bearer()))
				if err != nil || got.status != http.StatusOK {
					t.Errorf("answered %v, %v", got, err)
					return
				}
				p.delays = append(p.delays, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			all.delays = append(all.delays, p.delays...)
		})
	}
	walking.Wait()
	return all
}
