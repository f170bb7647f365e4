package e2e

import (
	"fmt"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

const (
	steady  = 500 // requests per second
	workers = 8
)

func TestTerminationLosesNeitherAnswersNorCounts(t *testing.T) {
	t.Parallel()
	t.Run("PROC-01 SIGTERM under load", terminateUnderLoad)
}

func terminateUnderLoad(t *testing.T) {
	release := make(chan struct{})
	g := setup(t, options{upstream: newUpstream(t, answerBy(map[string]answer{"/slow": answerHang(release)}))})
	k := g.key()
	load := g.drive(t, k, steady, workers)
	slow := make(chan response, 1)
	go func() {
		got, err := g.try(http.MethodGet, "/slow", k.bearer())
		if err != nil {
			t.Error("the slow request that was accepted got no answer:", err)
		}
		slow <- got
	}()
	eventually(t, 10*time.Second, "load is under way", func() bool { return load.count(allowed) > steady })
	p := g.process
	p.signal(syscall.SIGTERM)
	eventually(t, 5*time.Second, "no more connections are taken", func() bool { return !accepts(g.addr) })
	close(release)
	load.halt()
	if got := <-slow; got.status != http.StatusOK {
		t.Errorf("the request in flight was answered %v", got)
	}
	if status := g.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	client := int64(load.count(allowed)) + 1
	if stored := g.used(k.ID).TotalCalls; stored != client {
		t.Errorf("%d calls stored, the client counted %d", stored, client)
	}
	if others := load.count(func(r reply) bool { return !allowed(r) }); others > 0 {
		t.Errorf("%d answers were not 200", others)
	}
	if n := int64(g.upstream.total()); n != client {
		t.Errorf("the upstream saw %d requests, the client counted %d answers", n, client)
	}
}

func TestKillLosesAtMostOneFlushInterval(t *testing.T) {
	t.Parallel()
	t.Run("PROC-02 SIGKILL under load", killUnderLoad)
}

func killUnderLoad(t *testing.T) {
	const interval, slack = 500 * time.Millisecond, 500 * time.Millisecond
	g := setup(t, options{app: "usage {\n flush_interval 500ms\n}"})
	k, revoked := g.key(), g.key()
	g.soon(revoked, "/", "")
	g.must(nil, "keys", "revoke", revoked.ID)
	var flushed flushNotes
	load := g.drive(t, k, steady, workers)
	eventually(t, 10*time.Second, "load is under way for some intervals", func() bool {
		flushed.note(g, interval/10)
		return load.count(allowed) > 2*steady && flushed.seen() > 2
	})
	killed := time.Now()
	g.kill()
	load.halt()
	began := time.Now()
	g.start()
	if back := time.Since(began); back > 5*time.Second {
		t.Errorf("service was back after %v", back)
	}
	if got := g.get("/", revoked.bearer()); got.code() != "revoked_key" {
		t.Errorf("the revoked key was answered %v", got)
	}
	client := int64(load.count(allowed))
	since := earlier(killed.Add(-interval-slack), flushed.lastEnded())
	late := int64(load.count(func(r reply) bool { return allowed(r) && r.at.After(since) }))
	stored := g.used(k.ID).TotalCalls
	// Each worker may have had one call counted whose answer was cut off.
	if stored > client+workers || stored < client-late {
		t.Errorf("%d calls stored, the client counted %d, of them %d in the last interval", stored, client, late)
	}
}

// flushNotes are how many flushes of a gate had begun, and when it was asked.
type flushNotes []struct {
	asked time.Time
	begun float64
}

// note asks the gate, unless it was asked just before.
func (n *flushNotes) note(g *gate, every time.Duration) {
	g.t.Helper()
	asked := time.Now()
	if all := *n; len(all) > 0 && asked.Sub(all[len(all)-1].asked) < every {
		return
	}
	*n = append(*n, flushNotes{{asked, g.counter(usageFlushes)}}...)
}

// seen is how many began between the first note and the last.
func (n flushNotes) seen() float64 { return n[len(n)-1].begun - n[0].begun }

// lastEnded is a time before the last flush began that is sure to have ended:
// another one began behind it.
func (n flushNotes) lastEnded() time.Time {
	i, last := len(n)-1, n[len(n)-1].begun
	for i > 0 && n[i].begun > last-2 {
		i--
	}
	return n[i].asked
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func TestRunningOutOfFilesNeverOpensTheGate(t *testing.T) {
	t.Parallel()
	t.Run("PROC-04 no file left to open", runOutOfFiles)
}

func runOutOfFiles(t *testing.T) {
	const files, hoard = 64, 100
	g := setup(t, options{files: files})
	k := g.key()
	g.soon(k, "/", "")
	before := g.openFiles()
	clients := make([]*client, 0, hoard)
	for range hoard {
		c := g.connect() // the kernel takes it, though the gate can't
		clients = append(clients, c)
		ask := g.request(http.MethodGet, "/", bearer("garbage"))
		if err := c.write(ask); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 10*time.Second, "the gate is short of files", func() bool { return g.openFiles() >= files-2 })
	g.upstream.seen()
	for _, c := range clients {
		_ = c.Close() // which is what brings files back
	}
	g.upstream.untouched(t)
	eventually(t, 10*time.Second, "the gate serves again", func() bool {
		got, err := g.try(http.MethodGet, "/", k.bearer())
		return err == nil && got.status == http.StatusOK
	})
	g.upstream.seen()
	eventually(t, 10*time.Second, "open files are where they were", func() bool { return g.openFiles() <= before+3 })
	for range 20 {
		wantAnswer(t, g, g.get("/"), http.StatusUnauthorized, "missing_key")
	}
}

// openFiles is how many descriptors the process has open.
func (g *gate) openFiles() int {
	g.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.process.cmd.Process.Pid))
	if err != nil {
		g.t.Fatal(err)
	}
	return len(entries)
}
