package caddymodule

import "syscall"

// freeSpace is how many bytes this user may still write below a folder.
func freeSpace(folder string) (bytes uint64, known bool) {
	var of syscall.Statfs_t
	if err := syscall.Statfs(folder, &of); err != nil || of.Bsize < 0 {
		return 0, false
	}
	return of.Bavail * uint64(of.Bsize), true
}
