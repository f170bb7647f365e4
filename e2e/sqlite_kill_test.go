package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestProcessThatIsKilledWhileItWritesLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-03 SIGKILL under management calls", killWriter)
}

func killWriter(t *testing.T) {
	const clients = 4
	times := sized(20, 100)
	o := setupOffice(t, options{driver: "sqlite", app: "usage {\n flush_interval 20ms\n}", before: quiet, behind: "respond ok"})
	chance, c := seeded(t), newChanges(o)
	for i := range times {
		before, few := c.acknowledged(), 1+chance.IntN(20)
		c.begin(clients)
		eventually(t, 20*time.Second, fmt.Sprint(few, " changes are acknowledged"), func() bool { return c.acknowledged() >= before+few })
		o.kill() // whatever is under way
		c.halt()
		wantIntegrity(t, o.db)
		c.stand(t, o.db)
		if t.Failed() {
			t.Fatalf("kill %d", i+1)
		}
		o.start()
	}
	for _, made := range c.created {
		want := ""
		if c.revoked[made.ID] {
			want = "revoked_key"
		}
		if got := o.get("/", made.bearer()); c.revoked[made.ID] != (got.status != http.StatusOK) && !c.inDoubt(made) || want != "" && got.code() != want {
			t.Errorf("answered %v, want %q", got, want)
		}
	}
	t.Logf("%d kills; %d keys and %d revocations were acknowledged", times, len(c.created), len(c.revoked))
}

// inDoubt says of a key that its revocation was asked for and not answered.
func (c *changes) inDoubt(made key) bool { return !c.revoked[made.ID] && !c.active[made.ID] }
