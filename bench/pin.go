package main

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// processors is how many everything shares: what asks, what is asked, and what
// is behind it.
const processors = 2

// pin keeps this process, and all that it starts, to the first processors that
// it may use.
func pin() error {
	var may, two unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return fmt.Errorf("ask for processors: %w", err)
	}
	for cpu := 0; two.Count() < min(processors, may.Count()); cpu++ {
		if may.IsSet(cpu) {
			two.Set(cpu)
		}
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return fmt.Errorf("list threads: %w", err)
		}
		if err := unix.SchedSetaffinity(id, &two); err != nil {
			return fmt.Errorf("keep to %d processors: %w", processors, err)
		}
	}
	return nil
}
