package servertest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs a package's tests and ends their shared server. The process fails
// where that fails, or a goroutine is left.
func Main(m *testing.M, end func() error) {
	status := m.Run()
	err := end()
	if err == nil && status == 0 {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}
