package sqlite

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// networks names file systems by the magic numbers of statfs(2).
var networks = map[uint32]string{
	0x00006969: "nfs",
	0x0000517b: "smb",
	0xfe534d42: "smb2",
	0xff534d42: "cifs",
	0x5346414f: "afs",
}

// fuse stands for every file system in user space; which one it is, local or
// not, stands in the table of mounts.
const fuse = 0x65735546

// remote names the file systems in user space that reach other machines.
var remote = map[string]bool{"fuse.sshfs": true, "fuse.rclone": true, "fuse.s3fs": true, "fuse.glusterfs": true}

func statfs(path string) (mount, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return mount{}, err
	}
	magic := uint32(fs.Type) // some platforms sign them
	if magic != fuse {
		return mount{network: networks[magic]}, nil
	}
	return fuseMount(path)
}

// fuseMount finds out what program is behind a file system in user space.
// Where it can't, the file system passes as local.
func fuseMount(path string) (mount, error) {
	var file syscall.Stat_t
	if err := syscall.Stat(path, &file); err != nil {
		return mount{}, err
	}
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return mount{}, nil // not identifiable
	}
	defer func() { _ = table.Close() }()
	if kind := mountedAs(table, deviceOf(file.Dev)); remote[kind] {
		return mount{network: kind}, nil
	}
	return mount{}, nil
}

// deviceOf writes a device number as the table of mounts does.
func deviceOf(dev uint64) string {
	major := dev>>8&0xfff | dev>>32&^uint64(0xfff)
	minor := dev&0xff | dev>>12&^uint64(0xff)
	return fmt.Sprintf("%d:%d", major, minor)
}

// mountedAs finds the type of a device's file system in a table of mounts, as
// proc_pid_mountinfo(5) describes it: the device is the third field, the type
// the first one after a lone dash.
func mountedAs(table io.Reader, device string) string {
	for lines := bufio.NewScanner(table); lines.Scan(); {
		head, tail, _ := strings.Cut(lines.Text(), " - ")
		if fields := strings.Fields(head); len(fields) < 3 || fields[2] != device {
			continue
		}
		kind, _, _ := strings.Cut(tail, " ")
		return kind
	}
	return ""
}
