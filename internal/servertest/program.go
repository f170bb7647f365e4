package servertest

import (
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"
)

// Program is any other server that tests start, in a folder of theirs.
type Program struct{ process *process }

// StartProgram starts a program that listens on an address, and waits until it
// does. What it prints goes to a file called log in the folder.
func StartProgram(dir, address, program string, args ...string) (*Program, error) {
	path, err := find(program)
	if err != nil {
		return nil, err
	}
	started, err := launch(dir, nil, path, args...)
	if err != nil {
		return nil, err
	}
	p := &Program{process: started}
	err = started.await(func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return fmt.Errorf("dial %s: %w", program, err)
		}
		return conn.Close()
	})
	if err != nil {
		_ = p.Close() // why it doesn't listen says more
		return nil, err
	}
	return p, nil
}

// find looks where the shells of root look, too: Debian has servers there.
func find(program string) (string, error) {
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is missing: on Debian, apt-get install %s", program, program)
}

// PID is the number of the program's process.
func (p *Program) PID() int { return p.process.cmd.Process.Pid }

// Log is the end of what the program printed.
func (p *Program) Log() string { return p.process.said() }

// Close ends the program.
func (p *Program) Close() error { return p.process.end(syscall.SIGTERM) }
