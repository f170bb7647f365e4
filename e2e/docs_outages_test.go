package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/keystile/keystile/internal/servertest"
)

// postgresPage sets up a server as the page says, and moves keys to it.
var postgresPage = docPage{
	place: func(p *docPlace) {
		p.server = ownPostgres(p.t)
		p.says = strings.NewReplacer(
			"postgres://keystile:…@db.internal:5432/keystile?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem", p.dsn("keystile"),
			"postgres://keystile:…@db.internal:5432/keystile?sslmode=verify-full", p.dsn("keystile"),
			"postgres://…", p.dsn("keystile"), "/etc/keystile", p.dir+"/etc/keystile", "/var/lib/keystile", p.dir+"/var/lib/keystile",
			"api.example.com", "http://"+p.site, "admin.example.com", "http://"+p.desk, "localhost:9000", p.upstream.addr,
		)
	},
	kinds: map[string]docKind{"sql": func(p *docPlace, b docBlock) (found []string) {
		for statement := range strings.Lines(b.text) {
			if said, err := p.server.SQL("postgres", statement); err != nil {
				found = append(found, b.at(0, "%s: %v %s", statement, err, said))
			}
		}
		return found
	}},
	scenes: map[string]func(*docPlace){
		"DATABASE_URL='postgres://…'": func(p *docPlace) {
			p.gate("postgres {env.DATABASE_URL}")
			p.do("unset DATABASE_URL")
		},
		"# Moving from SQLite": func(p *docPlace) {
			p.halt()
			for _, statement := range []string{`DROP DATABASE keystile WITH (FORCE)`, `CREATE DATABASE keystile OWNER keystile`} {
				if said, err := p.server.SQL("postgres", statement); err != nil {
					p.t.Fatal(err, said)
				}
			}
			p.gate("sqlite /var/lib/keystile/keys.db")
		},
	},
}

func (p *docPlace) dsn(database string) string {
	return strings.Replace(p.server.DSN(database), "postgres@", "keystile@", 1)
}

// runbookPage has each of its outages happen.
var runbookPage = docPage{
	says: []string{"sudo -u keystile ", "", " -o keystile -g keystile", ""}, // whoever runs the test
	place: func(p *docPlace) {
		p.server = ownPostgres(p.t)
		must(p.t, p.server.Create("keys"))
		redis, err := servertest.NewRedis()
		must(p.t, err)
		p.t.Cleanup(func() { must(p.t, redis.Close()) })
		p.redis = redis
		p.env = append(p.env, databaseVariable+"="+p.server.DSN("keys"), "REDIS_URL="+redis.URL()+"/0")
		p.gate("postgres {env.DATABASE_URL}\nlimiter redis {env.REDIS_URL}")
	},
	scenes: map[string]func(*docPlace){
		"# The store is down":                   storeGoesDown,
		"# Redis is down":                       redisGoesDown,
		"# A key leaked":                        keyLeaks,
		"# A customer gets 401, 403 or 429":     bucketRunsDry,
		"# A gateway is cut off; receipts wait": gatewayStandsStill,
		"# Restore from a backup":               backupIsThere,
	},
	ends: map[string]int{"The store is down: keystile doctor": 1, "keystile scan -": 1},
}

func storeGoesDown(p *docPlace) {
	must(p.t, p.server.Stop())
	p.awaitReady(http.StatusServiceUnavailable)
	p.wantLog("the store doesn't answer")
	if shown := p.call("/v1/projects"); !strings.Contains(shown, "store_unavailable") {
		p.t.Errorf("with the store down, a customer gets %s", shown)
	}
}

func redisGoesDown(p *docPlace) {
	must(p.t, p.server.Start())
	p.awaitReady(http.StatusOK)
	p.wantLog("the store answers again")
	if shown := p.call("/v1/projects"); !strings.Contains(shown, "200 OK") {
		p.t.Errorf("with the store back, a customer gets %s", shown)
	}
	must(p.t, p.redis.Stop())
	eventually(p.t, startWithin, "the gate misses Redis", func() bool {
		p.call("/v1/projects")
		return strings.Contains(p.servers[0].said(), "the limiter's Redis is away: each node enforces its share of the limits")
	})
}

func keyLeaks(p *docPlace) {
	must(p.t, p.redis.Start())
	p.wantLog("the limiter's Redis answers again: limits hold across all nodes")
	p.input = "Subject: our export\n\nexport API_KEY=" + p.made["ks_live_…"] + "\n"
}

func bucketRunsDry(p *docPlace) {
	p.input = ""
	if shown := p.call("/v1/projects"); !strings.Contains(shown, "revoked_key") {
		p.t.Errorf("with a key that leaked, somebody gets %s", shown)
	}
	p.do(`keystile keys create "A customer" --scopes read:projects`)
	p.do("export KEYSTILE_API=https://admin.example.com KEYSTILE_TOKEN=kst_…")
	eventually(p.t, startWithin, "the bucket is empty", func() bool { return strings.Contains(p.call("/v1/projects"), "rate_limited") })
}

// gatewayStandsStill has a second gateway that is stopped.
func gatewayStandsStill(p *docPlace) {
	if shown := p.call("/v1/projects"); !strings.Contains(shown, "200 OK") {
		p.t.Errorf("with another plan, a customer gets %s", shown)
	}
	site, admin := freeAddr(p.t), freeAddr(p.t)
	text := strings.ReplaceAll(docGate[:strings.Index(docGate, "admin.example.com")], "STORE", "postgres {env.DATABASE_URL}\nlimiter redis {env.REDIS_URL}")
	put(p.t, filepath.Join(p.home, "second"), p.says.Replace(strings.Replace(text, "api.example.com", "http://"+site, 1)))
	cmd := exec.Command(filepath.Join(p.home, "bin", "keystile"), "run", "--adapter", "caddyfile", "--config", filepath.Join(p.home, "second"))
	cmd.Env = append(p.env, "CADDY_ADMIN="+admin)
	must(p.t, cmd.Start())
	p.t.Cleanup(func() {
		_, _ = cmd.Process.Kill(), cmd.Wait() // it stands still
	})
	eventually(p.t, startWithin, "the second gateway is known", func() bool {
		said, err := p.server.SQL("keys", `SELECT count(*) FROM nodes`)
		return err == nil && strings.TrimSpace(said) == "2"
	})
	must(p.t, cmd.Process.Signal(syscall.SIGSTOP))
}

func backupIsThere(p *docPlace) {
	p.do("unset KEYSTILE_API KEYSTILE_TOKEN")
	p.gate("sqlite /var/lib/keystile/keys.db")
	p.do(`sqlite3 /var/lib/keystile/keys.db ".backup backup.db"`)
}

// call is a customer's, with the key that was made last.
func (p *docPlace) call(path string) string {
	p.t.Helper()
	return p.do(fmt.Sprintf(`curl -i -H "Authorization: Bearer ks_live_…" https://api.example.com%s`, path))
}

// awaitReady waits until the gate's readiness has a status.
func (p *docPlace) awaitReady(status int) {
	p.t.Helper()
	eventually(p.t, startWithin, http.StatusText(status), func() bool { return p.ready() == status })
}

// wantLog waits for a line of the log that the page quotes.
func (p *docPlace) wantLog(says string) {
	p.t.Helper()
	if !strings.Contains(readPage(p.t, "docs/runbook.md"), says) {
		p.t.Errorf("the page doesn't say %q", says)
	}
	eventually(p.t, startWithin, says, func() bool { return strings.Contains(p.servers[len(p.servers)-1].said(), says) })
}
