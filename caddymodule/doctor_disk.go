package caddymodule

import (
	"fmt"
	"os"
	"path/filepath"
)

// Room that a disk should have: for the store where it is a file, and for usage
// that can't be written when a gate ends.
const (
	mebibyte   = 1 << 20
	littleRoom = 1024 * mebibyte
	noRoom     = 100 * mebibyte
)

// disk looks at the room beside the data.
func (e *examination) disk() {
	folder := filepath.Dir(e.app.parts.store.SpoolDir())
	for {
		if _, err := os.Stat(folder); err == nil || filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	free, known := freeSpace(folder)
	found := fmt.Sprintf("%d MiB are free at %s", free/mebibyte, folder)
	const advice = "make room: without any, changes are refused and calls are not counted in the end"
	switch {
	case !known:
		e.ok("disk", "what is free at %s can't be told on this system", folder)
	case free < noRoom:
		e.fail("disk", found, advice)
	case free < littleRoom:
		e.warn("disk", found, advice)
	default:
		e.ok("disk", "%s", found)
	}
}
