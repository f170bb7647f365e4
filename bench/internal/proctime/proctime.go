// Package proctime reads what a server's processes have used up: processor
// time, to the nanosecond, and memory.
package proctime

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Used is the processor time, user and system, that all threads of processes
// have had so far, those that have ended included. The kernel counts it by its
// clock, not by ticks (clock_getcpuclockid(3)).
func Used(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		const scheduled = 2 // CPUCLOCK_SCHED: what the scheduler has given, of the whole process
		var t unix.Timespec
		if err := unix.ClockGettime(int32(^pid)<<3|scheduled, &t); err != nil {
			return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
		}
		sum += time.Duration(t.Nano())
	}
	return sum, nil
}

// Memory is what processes hold, in bytes. Pages that they share count once for
// each of them.
type Memory struct{ Now, Peak int64 }

// Held reads the resident memory of processes, as it is and was at most.
func Held(pids []int) (Memory, error) {
	var sum Memory
	for _, pid := range pids {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
		if err != nil {
			return Memory{}, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		m, err := parseStatus(text)
		if err != nil {
			return Memory{}, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		sum.Now, sum.Peak = sum.Now+m.Now, sum.Peak+m.Peak
	}
	return sum, nil
}

func parseStatus(text []byte) (m Memory, err error) {
	if m.Now, err = kilobytes(text, "VmRSS:"); err != nil {
		return Memory{}, err
	}
	m.Peak, err = kilobytes(text, "VmHWM:")
	return m, err
}

// kilobytes finds a line such as "VmRSS:     1234 kB".
func kilobytes(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		words := bytes.Fields(line)
		if len(words) != 3 || string(words[0]) != name || string(words[2]) != "kB" {
			continue
		}
		n, err := strconv.ParseInt(string(words[1]), 10, 64)
		if err != nil || n < 0 {
			break
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("there is no %s", name)
}
