package servertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startWithin = 30 * time.Second
	stopWithin  = 20 * time.Second
	lookEvery   = 10 * time.Millisecond
)

// process is a server's process.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed once it has ended
}

// launch starts a program in a folder, as who owns it.
func launch(dir string, owner *syscall.Credential, program string, args ...string) (*process, error) {
	name := filepath.Join(dir, "log")
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	p := &process{cmd: command(dir, owner, program, args...), log: name, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// run starts the program, and waits for its end. The kernel has it die with the
// thread that started it (prctl(2), PR_SET_PDEATHSIG): that one is kept for it,
// since tests end threads.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // whoever waits for it reads its log
	close(p.done)
}

// command is a program that dies with this process, whatever that dies of.
func command(dir string, owner *syscall.Credential, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return cmd
}

// await waits until a server answers.
func (p *process) await(answers func() error) error {
	late := time.NewTimer(startWithin)
	defer late.Stop()
	for {
		err := answers()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended at once:\n%s", p.said())
		case <-late.C:
			return fmt.Errorf("it doesn't answer: %w\n%s", err, p.said())
		case <-time.After(lookEvery):
		}
	}
}

// said is the end of what a process printed.
func (p *process) said() string {
	const most = 4000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

// end sends a signal, and waits until the process has gone.
func (p *process) end(signal syscall.Signal) error {
	_ = p.cmd.Process.Signal(signal) // one that has gone needs none
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		return errors.New("it didn't end in time, and was killed")
	}
}

// Ports of servers: below those that the kernel gives to whoever asks for any, so
// that nobody gets one while its server hasn't started yet, or is stopped.
const (
	firstPort = 30000
	lastPort  = 32767
	portTries = 100
)

// freePort is a port of loopback that nobody has at the moment.
func freePort() (string, error) {
	var err error
	for range portTries {
		port := strconv.Itoa(firstPort + rand.IntN(lastPort-firstPort+1))
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			return port, l.Close()
		}
	}
	return "", fmt.Errorf("find a free port: %w", err)
}
