package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keystile/keystile/e2e/faultygate/clock"
)

// process is one run of the binary.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
}

// launch starts the binary with its output in the gate's log.
func launch(g *gate, args ...string) (*process, error) {
	log, err := os.OpenFile(g.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(g.program.path, args...)
	if g.options.files > 0 {
		limited := []string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(g.options.files), g.program.path}
		cmd = exec.Command("sh", append(limited, args...)...)
	}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.dir, g.env(), log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the gate: %w", err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // ProcessState says how it ended
		close(p.done)
	}()
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) } // one that has ended needs none

// end sends a signal and waits. A process that outlives the time is killed,
// and ok is false.
func (p *process) end(s os.Signal, within time.Duration) (status int, ok bool) {
	p.signal(s)
	ok = p.wait(within)
	if !ok {
		p.signal(syscall.SIGKILL)
		<-p.done
	}
	return p.cmd.ProcessState.ExitCode(), ok
}

// wait reports whether the process ends within a time.
func (p *process) wait(within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// env is an environment in which the binary finds nothing of this machine's
// user.
func (g *gate) env() []string {
	env := []string{
		"HOME=" + g.dir, "XDG_CONFIG_HOME=" + g.dir + "/.config", "XDG_DATA_HOME=" + g.dir + "/.data", "NO_COLOR=1",
		clock.File + "=" + g.clockFile(),
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case name == "HOME", name == "NOTIFY_SOCKET", strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "KEYSTILE_"):
		default:
			env = append(env, entry)
		}
	}
	return append(env, g.options.env...)
}
