//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// ownerOf is the user ID of a file's owner.
func ownerOf(file os.FileInfo) (id int, known bool) {
	stat, known := file.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(stat.Uid), true
}
