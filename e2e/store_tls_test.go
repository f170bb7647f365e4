package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

func TestTheDatabaseIsSpokenToByTLSAndOnlyWhereItsCertificateIsVouchedFor(t *testing.T) {
	server := ownPostgres(t)
	authority, err := server.Secure()
	must(t, err)
	stranger, _, err := servertest.Certificate(t.TempDir())
	must(t, err)
	must(t, server.Create("vouched"))
	address := func(mode, authority string) string {
		return strings.Replace(server.DSN("vouched"), "sslmode=disable", "sslmode="+mode+"&application_name=vouched&sslrootcert="+authority, 1)
	}
	g := setup(t, options{store: address("verify-full", authority)})
	eventuallyAnswers(t, g, g.key().Secret, http.StatusOK, "")
	said, err := server.SQL("vouched", `SELECT count(*) > 0, bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'vouched'`)
	if must(t, err); said != "t|t" {
		t.Errorf("connections, and whether all of them are TLS: %s", said)
	}
	for _, mode := range []string{"verify-full", "verify-ca", "require"} {
		other := prepare(t, options{store: address(mode, stranger)})
		if out, status := startBadly(t, other); status == 0 || !strings.Contains(lastLine(out), "certificate") {
			t.Errorf("%s, a server that nobody vouches for: exit status %d\n%s", mode, status, out)
		}
	}
}

func TestRedisIsSpokenToByTLSAndOnlyWhereItsCertificateIsVouchedFor(t *testing.T) {
	dir := t.TempDir()
	cert, secret, err := servertest.Certificate(dir)
	must(t, err)
	address := freeAddr(t)
	_, port, _ := strings.Cut(address, ":")
	r, err := servertest.NewRedis("--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", secret, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	o := options{limiter: "redis rediss://" + address, app: "rate_limit live 60/m burst 6\non_limiter_failure deny", before: quiet, behind: "respond ok"}
	stranger := setup(t, o)
	if got := stranger.get("/", stranger.key().bearer()); got.code() != "limiter_unavailable" {
		t.Errorf("a server that nobody vouches for: %v", got)
	}
	o.env = []string{"SSL_CERT_FILE=" + cert}
	g := setup(t, o)
	eventuallyAnswers(t, g, g.key().Secret, http.StatusOK, "")
}
