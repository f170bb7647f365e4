package contender

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/keystile/keystile/bench/internal/proctime"
	"github.com/keystile/keystile/internal/servertest"
)

// Running is a contender at work.
type Running struct {
	program *servertest.Program
	// PIDs are all its processes.
	PIDs []int
}

// Start starts a contender in its place, and returns once it listens.
func (c *Contender) Start(p Place) (*Running, error) {
	files, err := c.files(p)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", c.Name, err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(p.Dir, f.name), []byte(f.text), 0o600); err != nil {
			return nil, fmt.Errorf("configure %s: %w", c.Name, err)
		}
	}
	path, args := c.program.command(p, files[0].name)
	started, err := servertest.StartProgram(p.Dir, fmt.Sprintf("127.0.0.1:%d", p.Port), path, args...)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	r := &Running{program: started}
	if err := r.await(c, p); err != nil {
		_ = started.Close() // what it was started for is lost already
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return r, nil
}

// await waits until a server has all its processes, and listens wherever it is
// to: it may do so on one port sooner than on another.
func (r *Running) await(c *Contender, p Place) (err error) {
	const times, pause = 500, 10 * time.Millisecond
	for range times {
		if r.PIDs, err = proctime.Family(r.program.PID()); err != nil {
			return err
		}
		if len(r.PIDs) == c.program.processes && (!c.Learns || listens(p.Meeting(c))) {
			return nil
		}
		time.Sleep(pause)
	}
	return fmt.Errorf("it runs as %d processes, not as %d, or doesn't listen", len(r.PIDs), c.program.processes)
}

func listens(port int) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}

// Log is the end of what it printed.
func (r *Running) Log() string { return r.program.Log() }

// Stop ends it.
func (r *Running) Stop() error { return r.program.Close() }
