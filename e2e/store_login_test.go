package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// hba makes a server ask one user for a password, or refuse it, and nobody
// else.
func (f *trio) hba(user, method string) {
	f.t.Helper()
	f.sql(fmt.Sprintf(`COPY (SELECT unnest(ARRAY['host all %s 127.0.0.1/32 %s', 'host all all 127.0.0.1/32 trust'])) TO '%s'; SELECT pg_reload_conf()`,
		user, method, f.sql(`SHOW hba_file`)))
}

// The login is refused in the middle of everything, by another
// password and by the server's rules.
func TestSTORE08ALoginThatIsRefusedMeanwhileIsNeitherTheKeysFaultNorForGood(t *testing.T) {
	t.Parallel()
	f := newTrio(t, ownPostgres(t))
	f.add(options{}, "postgres").start()
	good := f.members[0].plant(2, nil)
	f.members[0].stop()
	const user = "gatekeeper"
	f.sql(fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s'; GRANT ALL ON ALL TABLES IN SCHEMA public TO %[1]s; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO %[1]s`, user, databasePassword))
	f.hba(user, "scram-sha-256")
	m := f.add(options{app: faultApp}, user)
	m.start()
	const end = `; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '` + user + `'`
	for _, trouble := range []struct {
		name       string
		begin, end func()
	}{
		{"STORE-08 another password",
			func() { f.sql(fmt.Sprintf("ALTER ROLE %s PASSWORD 'another'%s", user, end)) },
			func() { f.sql(fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", user, databasePassword)) }},
		{"STORE-08 refused by rule",
			func() { f.hba(user, "reject"); f.sql(`SELECT 1` + end) },
			func() { f.hba(user, "scram-sha-256") }},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			eventually(t, startWithin, "the gate serves", func() bool { return m.get("/", good[0].bearer()).status == http.StatusOK })
			trouble.begin()
			began := time.Now()
			eventually(t, faultStaleness+spare, "the gate refuses for want of the database", func() bool {
				got := m.get("/", good[0].bearer())
				if got.status != http.StatusOK {
					wantUnavailable(t, "a good key", got)
				}
				return got.status != http.StatusOK
			})
			t.Logf("refused %v later", time.Since(began).Round(time.Millisecond))
			trouble.end()
			mended := time.Now()
			eventually(t, backWithin, "the gate serves again", func() bool { return m.get("/", good[1].bearer()).status == http.StatusOK })
			t.Logf("served %v after it was mended", time.Since(mended).Round(time.Millisecond))
		})
	}
}
