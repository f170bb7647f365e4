package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// ownMounts starts the tests again where nobody else sees what they mount, so
// that it goes with them however they end. It returns where that is done
// already, or can't be.
func ownMounts() {
	const done = "KEYSTILE_TEST_OWN_MOUNTS"
	unshare, err := exec.LookPath("unshare")
	self, unknown := os.Executable()
	if err != nil || unknown != nil || os.Getenv(done) != "" || exec.Command(unshare, "--mount", "true").Run() != nil {
		return
	}
	args := append([]string{unshare, "--mount", "--", self}, os.Args[1:]...)
	_ = syscall.Exec(unshare, args, append(os.Environ(), done+"=yes")) // where it fails, mounts are everybody's
}

// disk is a small file system of its own, at a folder. It takes the right to
// mount one: without it, the test is skipped.
type disk struct {
	t    testing.TB
	at   string
	file string // what holds it; empty: memory
}

// memoryDisk is one in memory, of so many bytes.
func memoryDisk(t testing.TB, bytes int) disk {
	t.Helper()
	d := disk{t: t, at: t.TempDir()}
	d.mount("-t", "tmpfs", "-o", fmt.Sprintf("size=%d,mode=700", bytes), "tmpfs")
	return d
}

// fileDisk is one in a file, which can be made to fail.
func fileDisk(t testing.TB, bytes int64) disk {
	t.Helper()
	d := disk{t: t, at: t.TempDir(), file: filepath.Join(t.TempDir(), "disk")}
	put(t, d.file, "")
	if err := os.Truncate(d.file, bytes); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", d.file).CombinedOutput(); err != nil {
		t.Skipf("no file system can be made here: %v %s", err, out)
	}
	d.mount("-o", "loop,errors=remount-ro", d.file)
	return d
}

// fail makes the disk read-only from now on, for files that are open as well,
// as the kernel does when a disk can't be written.
func (d disk) fail() { d.again("abort") }

// mend puts another disk in the place of one that failed, with all that was
// written to it.
func (d disk) mend() {
	d.t.Helper()
	if err := syscall.Unmount(d.at, 0); err != nil {
		d.t.Fatal("unmount:", err)
	}
	if out, err := exec.Command("mount", "-o", "loop", d.file, d.at).CombinedOutput(); err != nil {
		d.t.Fatalf("mount: %v %s", err, out)
	}
}

func (d disk) mount(args ...string) {
	d.t.Helper()
	if out, err := exec.Command("mount", append(args, d.at)...).CombinedOutput(); err != nil {
		d.t.Skipf("no file system can be mounted here: %v %s", err, out)
	}
	d.t.Cleanup(func() {
		if err := syscall.Unmount(d.at, syscall.MNT_DETACH); err != nil {
			d.t.Error("unmount:", err)
		}
	})
}

// again mounts with other options what is mounted there.
func (d disk) again(options string) {
	d.t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+options, d.at).CombinedOutput(); err != nil {
		d.t.Fatalf("mount again with %s: %v %s", options, err, out)
	}
}

// fill leaves no byte free, until the function that it returns is called.
func (d disk) fill() (free func()) {
	d.t.Helper()
	ballast, err := os.Create(filepath.Join(d.at, "ballast"))
	if err != nil {
		d.t.Fatal(err)
	}
	for piece := make([]byte, 64<<10); len(piece) > 0; {
		if _, err = ballast.Write(piece); err != nil {
			piece = piece[:len(piece)/2]
		}
	}
	_ = ballast.Close() // it says once more what Write said
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatalf("the disk was not filled: %v", err)
	}
	return func() {
		if err := os.Remove(ballast.Name()); err != nil {
			d.t.Error(err)
		}
	}
}
