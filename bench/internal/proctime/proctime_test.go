package proctime

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestUsedCountsWhatAnotherProcessDoesAndNotItsSleep(t *testing.T) {
	t.Parallel()
	start := func(script string) int {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		return cmd.Process.Pid
	}
	busy, idle := start("while :; do :; done"), start("exec sleep 60")
	deadline := time.Now().Add(20 * time.Second)
	for {
		used, err := Used([]int{busy})
		if err != nil {
			t.Fatal(err)
		}
		if used > 50*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a busy process has used %v", used)
		}
	}
	one, err := Used([]int{idle})
	if err != nil || one == 0 || one > 50*time.Millisecond {
		t.Errorf("a sleeping process has used %v (%v)", one, err)
	}
	both, err := Used([]int{idle, idle})
	if err != nil || both != 2*one {
		t.Errorf("twice: got %v (%v), want twice %v", both, err, one)
	}
}

func TestUsedOfAProcessThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if used, err := Used([]int{cmd.Process.Pid}); err == nil {
		t.Errorf("got %v", used)
	}
	if held, err := Held([]int{cmd.Process.Pid}); err == nil {
		t.Errorf("got %v", held)
	}
}

func TestHeldIsWhatTheKernelSaysOfResidentMemory(t *testing.T) {
	t.Parallel()
	got, err := parseStatus([]byte("Name:\tcaddy\nVmPeak:\t 9999 kB\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t9\n"))
	if want := (Memory{Now: 1 << 20, Peak: 2 << 20}); got != want || err != nil {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	for _, text := range []string{"", "VmRSS: 1 kB\n", "VmRSS: 1 kB\nVmHWM: x kB\n", "VmRSS: 1\nVmHWM: 1\n", "VmRSS: -1 kB\nVmHWM: 1 kB\n"} {
		if got, err := parseStatus([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if own, err := Held([]int{os.Getpid()}); err != nil || own.Now <= 0 || own.Peak < own.Now {
		t.Errorf("of this process: %v (%v)", own, err)
	}
}

func TestFamilyHasTheChildrenOfAProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "echo; read line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if all, err := Family(os.Getpid()); err != nil || all[0] != os.Getpid() || !slices.Contains(all, cmd.Process.Pid) {
		t.Errorf("got %v (%v), want %d and %d in it", all, err, os.Getpid(), cmd.Process.Pid)
	}
}
