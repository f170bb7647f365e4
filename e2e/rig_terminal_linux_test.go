package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// terminal is a pseudo-terminal: what is written to it was typed, and what a
// program prints there can be read.
type terminal struct {
	master, slave *os.File

	mu    sync.Mutex
	shown bytes.Buffer
	done  chan struct{}
}

func newTerminal(t *testing.T, columns uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	var number uint32
	unlocked := int32(0)
	size := [4]uint16{24, columns, 0, 0}
	control(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{master: master, slave: slave, done: make(chan struct{})}
	go term.read()
	t.Cleanup(func() {
		slave.Close() // which ends the reading
		<-term.done
		master.Close()
	})
	return term
}

func control(t *testing.T, f *os.File, request uintptr, value unsafe.Pointer) {
	t.Helper()
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(value)); failed != 0 {
		t.Fatalf("control the terminal: %v", failed)
	}
}

func (term *terminal) read() {
	defer close(term.done)
	piece := make([]byte, 4096)
	for {
		n, err := term.master.Read(piece)
		term.mu.Lock()
		term.shown.Write(piece[:n])
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what was shown so far.
func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.shown.String()
}

// use makes a command run on the terminal.
func (term *terminal) use(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.slave, term.slave, term.slave
}

func (term *terminal) typeIn(text string) error {
	_, err := io.WriteString(term.master, text)
	return err
}
