package servertest_test

import (
	"runtime"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

func TestAPostgresServerKeepsItsDataOverARestartAndAKill(t *testing.T) {
	t.Parallel()
	p, err := servertest.NewPostgres()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, p.Close()) })
	must(t, p.Create("one"))
	if said, err := p.SQL("one", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)"); err != nil {
		t.Fatal(err, said)
	}
	for _, end := range []func() error{p.Stop, p.Kill} {
		must(t, end())
		if said, err := p.SQL("one", "SELECT 1"); err == nil {
			t.Errorf("it answers %q after its end", said)
		}
		must(t, p.Start())
		if said, err := p.SQL("one", "SELECT n FROM kept"); err != nil || said != "42" {
			t.Errorf("%q, %v", said, err)
		}
	}
}

func TestARedisServerForgetsItsDataWhenItEnds(t *testing.T) {
	t.Parallel()
	r, err := servertest.NewRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, r.Close()) })
	if said, err := r.Do("SET a b"); err != nil || said != "+OK" {
		t.Fatal(said, err)
	}
	if _, err := r.Do("NONSENSE"); err == nil {
		t.Error("nonsense is a command")
	}
	must(t, r.Stop())
	if said, err := r.Do("PING"); err == nil {
		t.Errorf("it answers %q after its end", said)
	}
	must(t, r.Start())
	if said, err := r.Do("EXISTS a"); err != nil || said != ":0" {
		t.Error(said, err)
	}
}

func TestAProgramThatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"no-such-program": "no-such-program is missing: on Debian, apt-get install no-such-program",
		"sh":              "it ended at once:\nout of paper",
	} {
		p, err := servertest.StartProgram(t.TempDir(), "127.0.0.1:1", program, "-c", "echo out of paper")
		if err == nil {
			must(t, p.Close())
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", program, err, want)
		}
	}
}

// Tests of load end threads, and the kernel ends what a thread started.
func TestAServerOutlivesTheThreadThatAskedForIt(t *testing.T) {
	t.Parallel()
	for range 2 { // the main thread, which stays, is one of them at most
		var r *servertest.Redis
		var err error
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread() // to the end: the thread goes with its goroutine
			defer close(done)
			r, err = servertest.NewRedis()
		}()
		<-done
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { must(t, r.Close()) })
		for range 300 { // the thread takes a moment to go
			if said, err := r.Do("PING"); err != nil || said != "+PONG" {
				t.Fatal(said, err)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
