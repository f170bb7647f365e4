package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// The main line on a store that nodes share: the same as on a file.
func TestKeysInPostgreSQLPassUntilTheyAreRevoked(t *testing.T) {
	t.Parallel()
	g := setup(t, options{driver: "postgres", policy: "route GET /any read", app: `scope read "Read"`})
	k, other := g.key("--scopes", "read"), g.key()
	eventuallyAnswers(t, g, k.Secret, http.StatusOK, "")
	eventuallyAnswers(t, g, other.Secret, http.StatusForbidden, "insufficient_scope")
	eventuallyAnswers(t, g, drawSecret("live"), http.StatusUnauthorized, "unknown_key")
	eventually(t, startWithin, "the call is counted", func() bool { return g.used(k.ID).TotalCalls == 1 })

	var revoked struct {
		Status  string
		Receipt struct {
			Confirmed bool
			Nodes     int
		}
	}
	g.must(&revoked, "keys", "revoke", k.ID, "--wait", "10s")
	if revoked.Status != "revoked" || !revoked.Receipt.Confirmed || revoked.Receipt.Nodes != 1 {
		t.Errorf("revoked: %+v", revoked)
	}
	if got := g.get("/any", k.bearer()); got.status != http.StatusUnauthorized || !strings.Contains(got.body, "revoked_key") {
		t.Errorf("revoked everywhere, and then %v", got)
	}
}

// What was made stands in the database: another process with another folder
// finds it there.
func TestANodeOfPostgreSQLKeepsNothingThatAnotherOneNeeds(t *testing.T) {
	t.Parallel()
	one := setup(t, options{driver: "postgres"})
	k := one.key()
	other := setup(t, options{store: one.db})
	eventuallyAnswers(t, other, k.Secret, http.StatusOK, "")
	if status := one.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	other.must(nil, "keys", "revoke", k.ID, "--wait", "10s")
	if got := other.get("/any", k.bearer()); got.status != http.StatusUnauthorized {
		t.Errorf("revoked: %v", got)
	}
}

func TestLEAK06ThePasswordOfADatabaseIsInNoDumpOfTheConfiguration(t *testing.T) {
	t.Parallel()
	g := setup(t, options{driver: "postgres"})
	ask, err := http.NewRequest(http.MethodGet, "http://"+g.admin+"/config/", nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := exchangeAdmin(ask)
	if err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	if !strings.Contains(body, "{env."+databaseVariable+"}") || strings.Contains(body, databasePassword) {
		t.Errorf("dumped: %s", body)
	}
}

// A gate without its database says so, and needs nobody
// when it is back.
func TestSTORE01STORE04AGateWithoutItsDatabaseSaysSoAndGoesOnWhenItIsBack(t *testing.T) {
	t.Parallel()
	server, err := servertest.NewPostgres()
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { must(server.Close()) })
	must(server.Create("keys"))
	g := setup(t, options{store: withPassword(server.DSN("keys")), app: "max_staleness 1s"})
	k := g.key()
	eventuallyAnswers(t, g, k.Secret, http.StatusOK, "")
	for what, end := range map[string]func() error{"stopped": server.Stop, "killed": server.Kill} {
		must(end())
		eventuallyAnswers(t, g, k.Secret, http.StatusServiceUnavailable, "store_unavailable")
		if got := g.get("/any", bearer(drawSecret("live"))); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: a key that the gate doesn't know gets %v", what, got)
		}
		if done := g.cli("keys", "list"); done.status == 0 || strings.Count(done.err, "\n") != 1 {
			t.Errorf("%s: a command says %+v", what, done)
		}
		must(server.Start())
		eventuallyAnswers(t, g, k.Secret, http.StatusOK, "")
	}
	g.must(nil, "keys", "revoke", k.ID, "--wait", "10s")
	if got := g.get("/any", k.bearer()); got.status != http.StatusUnauthorized {
		t.Errorf("revoked: %v", got)
	}
	g.stop()
	must(server.Stop())
	done := g.run("run", "--config", g.config, "--adapter", "caddyfile")
	if lines := strings.Count(done.err, `"level":"error"`) + strings.Count(done.err, "Error:"); done.status == 0 || lines != 1 ||
		!strings.Contains(done.err, "keys") || strings.Contains(done.err, databasePassword) {
		t.Errorf("a start without a database: %+v", done)
	}
}

// A connection string that can't be read holds a password all the same.
func TestAConnectionStringThatIsRefusedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"no number as a port": "postgres://keystile:" + databasePassword + "@db:port/keys",
		"odd escape":          "postgres://keystile:%zz" + databasePassword + "@db/keys",
		"no URL":              "postgres:/keystile:" + databasePassword + "@db/keys",
		"password cut in two": "postgres://keystile:pass#" + databasePassword + "@db/keys",
		"no keywords":         "password=" + databasePassword + " and more",
		"nobody there":        "postgres://keystile:" + databasePassword + "@127.0.0.1:9/keys",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := prepare(t, options{driver: "postgres", store: "{env." + databaseVariable + "}", env: []string{databaseVariable + "=" + address}})
			g.secret(databasePassword)
			for _, args := range [][]string{{"validate", "--config", g.config, "--adapter", "caddyfile"}, {"keys", "list", "--config", g.config}} {
				done := g.run(args...)
				if args[0] == "keys" && (done.status == 0 || done.err == "") {
					t.Errorf("%v: %+v", args, done)
				}
				if strings.Contains(done.out+done.err, databasePassword) {
					t.Errorf("%v repeats the password: %+v", args, done)
				}
			}
		})
	}
}
