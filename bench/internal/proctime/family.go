package proctime

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Family is a process and those that it has started, and they, and so on.
func Family(pid int) ([]int, error) {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		children, err := children(all[i])
		if err != nil {
			return nil, fmt.Errorf("list the children of process %d: %w", all[i], err)
		}
		all = append(all, children...)
	}
	return all, nil
}

// children are listed by the thread that has started them.
func children(pid int) (all []int, err error) {
	lists, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	if err != nil {
		return nil, err
	}
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for _, word := range bytes.Fields(text) {
			child, err := strconv.Atoi(string(word))
			if err != nil {
				return nil, err
			}
			all = append(all, child)
		}
	}
	return all, nil
}
