package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// Connections end in the middle of creations, which are tried again
// with their idempotency key.
func TestSTORE05ACreationThatWasCutOffMakesOneKeyWhenItIsTriedAgain(t *testing.T) {
	t.Parallel()
	tries := sized(20, 500)
	f := setupTrio(t, sharedPostgres(t), options{app: faultApp})
	m, chance := f.members[0], seeded(t)
	over, cutting := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cutting)
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(chance.Int64N(int64(60 * time.Millisecond)))):
				m.line.Cut()
				m.line.Heal()
			}
		}
	}()
	again := 0
	for i := range tries {
		var got response
		first := true
		eventually(t, startWithin, "a key is made", func() bool {
			var err error
			got, err = m.createOnce(fmt.Sprintf("made-%d", i))
			// 200: it was made by a call whose answer was 503.
			if err != nil || got.status != http.StatusCreated && got.status != http.StatusServiceUnavailable && (got.status != http.StatusOK || first) {
				t.Errorf("answered %v, %v", got, err)
			}
			again, first = again+1, false
			return got.status != http.StatusServiceUnavailable
		})
	}
	close(over)
	<-cutting
	t.Logf("%d keys took %d calls", tries, again)
	if n := f.sql(`SELECT count(*) || '|' || count(DISTINCT name) FROM keys WHERE name LIKE 'made-%'`); n != fmt.Sprintf("%d|%[1]d", tries) {
		t.Errorf("keys, and names of keys: %s; want %d of each", n, tries)
	}
}

// createOnce makes a key under an idempotency key that is its name.
func (m *member) createOnce(name string) (response, error) {
	body := fmt.Sprintf(`{"name":%q}`, name)
	o := m.office()
	return exchange(o.at, fmt.Sprintf("POST /v1/keys HTTP/1.1\r\nHost: %s\r\n%s\r\nIdempotency-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		o.at, bearer(o.token), name, len(body), body))
}

// hitches make many changes fail as PostgreSQL does for a passing
// reason.
const hitches = `CREATE FUNCTION hitch() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF random() < 0.1 THEN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END IF;
		IF random() < 0.1 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER hitch BEFORE INSERT OR UPDATE ON keys FOR EACH ROW EXECUTE FUNCTION hitch();
	CREATE TRIGGER hitch BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION hitch()`

// The database fails transactions for passing reasons, deadlocks
// with others, and stops statements.
func TestSTORE06ChangesThatTheDatabaseFailsAreTriedAgainOrRefusedWhole(t *testing.T) {
	t.Parallel()
	const clients = 2
	enough := sized(40, 2000)
	f := setupTrio(t, sharedPostgres(t), options{app: downApp, before: quiet, behind: "respond ok"})
	f.sql(hitches)
	f.sql(fmt.Sprintf(`ALTER DATABASE %s SET deadlock_timeout = '20ms'`, f.name))
	var all []*changes
	for _, m := range f.members[:2] {
		c := newChanges(m.office())
		c.begin(clients)
		all = append(all, c)
	}
	for rounds := 0; all[0].acknowledged()+all[1].acknowledged() < enough; rounds++ {
		if rounds > 100*enough {
			t.Fatal("too few changes are acknowledged")
		}
		// A transaction that takes the same locks the other way round.
		_, _ = f.server.SQL(f.name, `SET deadlock_timeout = '20ms'; BEGIN; LOCK TABLE audit IN EXCLUSIVE MODE; SELECT pg_sleep(0.01); UPDATE head SET revision = revision; COMMIT`) // it may be the one that is failed
		f.sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid() AND random() < 0.5`)
	}
	f.sql(`DROP TRIGGER hitch ON keys; DROP TRIGGER hitch ON audit`)
	f.wantChanges(t, all)
}
